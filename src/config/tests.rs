use std::path::Path;

use super::*;
use crate::finding::{Applicability, Severity};
use crate::rule::Catalogue;

fn layers(files: &[(&str, &str)]) -> Result<Layers, ConfigError> {
    let load = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    Layers::from_file(Path::new(files[0].0), None, Path::new(""), &load)
}

fn resolve(text: &str) -> Result<Settings, ConfigError> {
    resolve_all(text).map(|(settings, _)| settings)
}

fn resolve_all(text: &str) -> Result<(Settings, std::sync::Arc<Catalogue>), ConfigError> {
    layers(&[("seaworthy.toml", text)]).and_then(|layers| Settings::resolve(&layers))
}

/// Where and what: `line:column text | message | help`.
fn refusal(text: &str) -> String {
    let error = resolve(text).expect_err("refused");
    let source = error.source_text.expect("a text");
    let place = source.line_column(error.span.start());
    let help = error.help.map(|help| format!(" | {help}")).unwrap_or_default();
    format!("{}:{} {} | {}{help}", place.line, place.column, source.slice(error.span), error.message)
}

#[test]
fn unknown_names_are_errors_with_their_place_and_the_nearest_name() {
    assert_eq!(
        refusal("kubernetes-version = \"1.30\"\nstandard = [\"pss:restricted\"]\n"),
        "2:1 standard | unknown key `standard` | did you mean `standards`?"
    );
    assert_eq!(
        refusal("[rules]\nprivilege-escalaton = false\n"),
        "2:1 privilege-escalaton | unknown rule `privilege-escalaton` | did you mean `privilege-escalation`?"
    );
    assert_eq!(
        refusal("standards = [\"pss:baseline\", \"pss:restrictd\"]\n"),
        "1:30 \"pss:restrictd\" | unknown standard `pss:restrictd` | did you mean `pss:restricted`?"
    );
    assert_eq!(
        refusal("[rules.host-port]\nseverty = \"low\"\n"),
        "2:1 severty | unknown key `severty` | did you mean `severity`?"
    );
    assert_eq!(
        refusal("[rules.host-port]\nseverity = \"hihg\"\n"),
        "2:12 \"hihg\" | unknown value `hihg` | did you mean `high`?"
    );
    assert_eq!(
        refusal("[[ignore]]\nrule = [\"host-port\", \"hostport\"]\n"),
        "2:22 \"hostport\" | unknown rule `hostport` | did you mean `host-port`?"
    );
    assert_eq!(
        refusal("never-ignore = [\"host-prt\"]\n"),
        "1:17 \"host-prt\" | unknown rule `host-prt` | did you mean `host-port`?"
    );
}

#[test]
fn values_that_make_no_sense_are_errors_with_their_place() {
    for (text, start) in [
        ("kubernetes-version = \"2\"\n", "1:22 \"2\""),
        ("required-version = \">=99\"\n", "1:20 \">=99\""),
        ("[[ignore]]\nrule = \"host-port\"\nexpires = \"soon\"\n", "3:11 \"soon\""),
        ("[[ignore]]\nreason = \"quiet\"\n", "1:1 [[ignore]]"),
        ("[paths]\nexclude = [\"a/{b\"]\n", "2:12 \"a/{b\""),
        ("[[kinds]]\nkind = \"App\"\n", "1:1 [[kinds]]"),
        ("[rules]\nhost-port = 3\n", "2:1 host-port"),
        ("a = [\n", "1:6"),
    ] {
        let refused = refusal(text);
        assert!(refused.starts_with(start), "{text}: {refused}");
    }
}

#[test]
fn rules_are_switched_changed_and_added() {
    let (_, catalogue) = resolve_all(
        "[rules]\nhost-port = false\n[rules.privileged-container]\nseverity = \"low\"\napplicability = \"safe\"\n\
         [rules.acme-team]\nsummary = \"no team\"\nseverity = \"medium\"\nscope = \"object\"\n\
         require = { path = 'metadata.labels.team', present = true }\nmessage = \"{kind} has no team\"\n\
         why = \"Alerts are routed by it.\"\n[[ignore]]\nrule = \"acme-team\"\n",
    )
    .unwrap();
    assert!(!catalogue.rule("host-port").unwrap().is_default());
    assert_eq!(catalogue.rule("privileged-container").unwrap().severity, Severity::Low);
    assert!(catalogue.rule("acme-team").unwrap().user);
    assert!(catalogue.rule("privilege-escalation").unwrap().is_default());
    let suggested = |rule: &crate::rule::Rule| {
        rule.fixes.iter().all(|fix| fix.applicability == Applicability::Suggestion)
    };
    assert!(catalogue.rules().any(suggested), "some fixes are suggestions");
}

#[test]
fn extended_files_lie_below_and_command_line_settings_on_top() {
    let mut layers = layers(&[
        (
            "a/b/seaworthy.toml",
            "extend = \"../base.toml\"\nkubernetes-version = \"1.30\"\n[[ignore]]\nkind = \"Job\"\n",
        ),
        (
            "a/b/../base.toml",
            "kubernetes-version = \"1.20\"\nfail-on = \"high\"\n[[ignore]]\nkind = \"Pod\"\n",
        ),
    ])
    .unwrap();
    let settings = Settings::resolve(&layers).unwrap().0;
    assert_eq!(settings.kubernetes_version.minor(), 30);
    assert_eq!(settings.fail_on, Some(schema::FailOn::High));
    assert_eq!(settings.ignores.len(), 2);
    layers.push_setting("kubernetes-version=1.31", Path::new(".")).unwrap();
    layers.push_setting("nodes.unprivileged-ports=true", Path::new(".")).unwrap();
    let settings = Settings::resolve(&layers).unwrap().0;
    assert_eq!(settings.kubernetes_version.minor(), 31);
    assert_eq!(settings.unprivileged_ports, Some(true));
    layers.push_setting("nodes.unprivileged-ports=\"unknown\"", Path::new(".")).unwrap();
    assert_eq!(Settings::resolve(&layers).unwrap().0.unprivileged_ports, None);
    assert!(layers.push_setting("nodes.unprivileged-ports=\"maybe\"", Path::new(".")).is_err());
    assert!(layers.push_setting("nonsense=1", Path::new(".")).is_err());
}

#[test]
fn circular_extension_is_an_error() {
    let error =
        layers(&[("a.toml", "extend = \"b.toml\"\n"), ("b.toml", "extend = \"./a.toml\"\n")]).unwrap_err();
    assert!(error.message.contains("leads back"), "{error}");
    assert!(layers(&[("a.toml", "extend = \"gone.toml\"\n")]).is_err());
}

#[test]
fn ignores_cover_by_every_key() {
    let settings = resolve(
        "[[ignore]]\nrule = \"host-port\"\nkind = \"Deployment\"\nname = \"web-*\"\nnamespace = \"prod\"\n\
         container = \"app\"\npath = \"k8s/**\"\nexpires = \"2026-11-25\"\n",
    )
    .unwrap();
    let ignore = &settings.ignores[0];
    let covers = |rule, name, path: &str| {
        ignore.covers(rule, "Deployment", Some("prod"), name, Some("app"), Path::new(path))
    };
    assert!(covers("host-port", "web-1", "k8s/a/b.yaml"));
    assert!(covers("host-port", "web-", "./k8s/b.yaml"));
    assert!(!covers("host-port", "api", "k8s/a/b.yaml"));
    assert!(!covers("host-port", "web-1", "other/b.yaml"));
    assert!(!covers("privileged-container", "web-1", "k8s/b.yaml"));
    assert!(!ignore.covers("host-port", "Deployment", None, "web-1", Some("app"), Path::new("k8s/b.yaml")));
    assert!(!ignore.expired("2026-11-25".parse().ok()));
    assert!(ignore.expired("2026-11-26".parse().ok()));
    assert!(!ignore.expired(None));
}
