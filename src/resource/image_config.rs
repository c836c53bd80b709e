//! [`ReadImage`]: what an image says of itself, in the forms that tools print it.
//!
//! `docker inspect` prints a list of objects with `RepoTags`, `RepoDigests` and `Config`; `skopeo inspect
//! --config`, `crane config` and the blobs of an OCI layout are the image's configuration itself, with
//! `config` (github.com/opencontainers/image-spec, config.md).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::facts::ImageRow;
use super::started::{changes_user, library_in, starts_in_shell};

/// Most variables of an image that are kept.
const MOST_VARIABLES: usize = 1000;

/// An image as it describes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadImage {
    /// What it is called, `repository:tag` or `repository` (every tag of it, or the digests alone where
    /// there are any); empty where the text does not say.
    pub names: Vec<String>,
    /// Digests that it is known by, with their algorithm.
    pub digests: Vec<String>,
    /// User, ports and variables, and whether it is seen to have a shell.
    pub row: ImageRow,
}

/// Why a text is no image's configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageConfigError {
    /// It is no JSON, or of another shape.
    #[error("{message}")]
    Json {
        /// What is wrong.
        message: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1; 0 = the whole line.
        column: usize,
    },
    /// It is about something else.
    #[error("{0}")]
    Other(&'static str),
}

impl From<serde_json::Error> for ImageConfigError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        // The place is told apart.
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
        Self::Json { message, line: error.line(), column: error.column() }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    List(Vec<Inspected>),
    One(Box<Inspected>),
}

#[derive(Deserialize)]
struct Inspected {
    #[serde(rename = "RepoTags")]
    tags: Option<Vec<String>>,
    #[serde(rename = "RepoDigests")]
    digests: Option<Vec<String>>,
    #[serde(alias = "Config")]
    config: Option<Config>,
    #[serde(alias = "Os")]
    os: Option<String>,
    /// Only containers have one.
    #[serde(rename = "State")]
    state: Option<IgnoredAny>,
    /// Manifests and indexes of images have one, or the other.
    layers: Option<IgnoredAny>,
    manifests: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    user: Option<String>,
    exposed_ports: Option<BTreeMap<String, IgnoredAny>>,
    env: Option<Vec<String>>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    healthcheck: Option<Healthcheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Healthcheck {
    test: Option<Vec<String>>,
}

impl ReadImage {
    /// Reads what a tool printed of one image or several.
    ///
    /// # Errors
    /// The text is no JSON, not about images, or about images of Windows, whose users have no numbers.
    pub fn read(text: &str) -> Result<Vec<Self>, ImageConfigError> {
        // Untagged tables lose the place of an error: the list is told by its bracket.
        let text = text.trim_start_matches('\u{feff}');
        let parsed = if text.trim_start().starts_with('[') {
            Text::List(serde_json::from_str(text)?)
        } else {
            Text::One(serde_json::from_str(text)?)
        };
        match parsed {
            Text::List(list) if list.is_empty() => {
                Err(ImageConfigError::Other("the list is empty: no image was found"))
            }
            Text::List(list) => list.into_iter().map(Self::of).collect(),
            Text::One(one) => Ok(vec![Self::of(*one)?]),
        }
    }

    fn of(text: Inspected) -> Result<Self, ImageConfigError> {
        if text.state.is_some() {
            return Err(ImageConfigError::Other("this is a container: inspect its image"));
        }
        if text.layers.is_some() || text.manifests.is_some() {
            return Err(ImageConfigError::Other(
                "this is the image's manifest: the configuration is what skopeo inspect --config and crane config print",
            ));
        }
        let config = text.config.ok_or(ImageConfigError::Other(
            "there is no `Config` or `config` in it: the configuration is what docker inspect, skopeo inspect --config and crane config print",
        ))?;
        if text.os.is_some_and(|os| os.eq_ignore_ascii_case("windows")) {
            return Err(ImageConfigError::Other("it is an image for Windows, where users have no numbers"));
        }
        let named = |name: &String| !name.starts_with("<none>");
        let mut names: Vec<String> = text.tags.unwrap_or_default().into_iter().filter(named).collect();
        let mut digests = BTreeSet::new();
        for name in text.digests.unwrap_or_default() {
            let Some((repository, digest)) = name.split_once('@') else { continue };
            digests.insert(digest.to_owned());
            let known = |name: &String| name.starts_with(&format!("{repository}:")) || name == repository;
            if named(&name) && !names.iter().any(known) {
                names.push(repository.to_owned());
            }
        }
        Ok(Self { names, digests: digests.into_iter().collect(), row: row(config) })
    }
}

fn row(config: Config) -> ImageRow {
    let mut row = ImageRow { user_is_read: true, ..ImageRow::default() };
    let text = config.user.unwrap_or_default();
    // The part before the colon decides, as it does for the kubelet.
    let (user, group) =
        text.split_once(':').map_or((text.as_str(), None), |(user, group)| (user, Some(group)));
    match user.parse::<i64>() {
        Ok(0) => row.user = Some("root".to_owned()),
        Ok(uid) if uid > 0 => row.uid = Some(uid),
        _ if user.is_empty() => row.user = Some("root".to_owned()),
        _ => row.user = Some(user.to_owned()),
    }
    row.gid = group.and_then(|group| group.parse().ok());
    let ports = config.exposed_ports.unwrap_or_default();
    row.ports = ports.keys().filter_map(|port| port.split('/').next()?.parse().ok()).collect();
    row.ports.sort_unstable();
    row.ports.dedup();
    let env = config.env.unwrap_or_default();
    let pairs = env.iter().take(MOST_VARIABLES).filter_map(|text| text.split_once('='));
    row.env = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let in_shell = config
        .healthcheck
        .and_then(|check| check.test)
        .is_some_and(|test| test.first().is_some_and(|first| first == "CMD-SHELL"));
    let (entrypoint, cmd) = (config.entrypoint.unwrap_or_default(), config.cmd.unwrap_or_default());
    // Words of CMD behind an entry point may be its arguments.
    let in_shell = in_shell || starts_in_shell(if entrypoint.is_empty() { &cmd } else { &entrypoint });
    row.shell = in_shell.then_some(true);
    row.root_at_start = entrypoint.iter().any(|word| changes_user(word))
        || cmd.first().is_some_and(|word| changes_user(word));
    row.library = library_in(&entrypoint).or_else(|| library_in(&cmd));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> ReadImage {
        ReadImage::read(text).unwrap().remove(0)
    }

    #[test]
    fn what_tools_print_is_read() {
        let docker = one(
            r#"[{"Id": "sha256:1", "RepoTags": ["acme/api:1.2", "<none>:<none>"], "RepoDigests": ["acme/api@sha256:ab", "mirror/api@sha256:ab"],
                 "Os": "linux", "Config": {"User": "1654:1655", "ExposedPorts": {"8080/tcp": {}, "53/udp": {}}, "Env": ["PORT=8080", "A=b=c"],
                 "Cmd": ["/bin/sh"], "Entrypoint": null}}]"#,
        );
        assert_eq!(docker.names, ["acme/api:1.2", "mirror/api"]);
        assert_eq!(docker.digests, ["sha256:ab"]);
        assert_eq!(
            (docker.row.uid, docker.row.gid, docker.row.ports),
            (Some(1654), Some(1655), vec![53, 8080])
        );
        assert_eq!(docker.row.env.get("A").map(String::as_str), Some("b=c"));
        assert_eq!(docker.row.shell, Some(true));
        let crane =
            one(r#"{"architecture": "amd64", "os": "linux", "config": {"User": "app"}, "rootfs": {}}"#);
        assert_eq!((crane.row.user.as_deref(), crane.row.uid, crane.row.shell), (Some("app"), None, None));
        assert!(crane.names.is_empty());
        for root in [r#"{"config": {}}"#, r#"{"config": {"User": "0:0"}}"#, r#"{"config": {"User": "root"}}"#]
        {
            assert_eq!(one(root).row.user.as_deref(), Some("root"), "{root}");
        }
    }

    #[test]
    fn what_is_started_tells_of_a_shell_and_of_root() {
        let of = |started: &str| {
            let row = one(&format!(r#"{{"config": {{{started}}}}}"#)).row;
            (row.shell == Some(true), row.root_at_start)
        };
        let library = one(r#"{"config": {"Entrypoint": ["dotnet"], "Cmd": ["/app/Shop.dll"]}}"#).row.library;
        assert_eq!(library.as_deref(), Some("Shop"));
        assert_eq!(of(r#""Entrypoint": ["/docker-entrypoint.sh"], "Cmd": ["nginx"]"#), (true, false));
        assert_eq!(of(r#""Entrypoint": ["/sbin/tini", "-s", "--", "/bin/bash", "-c", "x"]"#), (true, false));
        assert_eq!(of(r#""Entrypoint": ["gosu", "app", "/api"]"#), (false, true));
        assert_eq!(of(r#""Entrypoint": ["/api"], "Cmd": ["sh"]"#), (false, false));
        assert_eq!(of(r#""Cmd": ["su-exec", "app", "x.sh"]"#), (false, true));
        assert_eq!(of(r#""Healthcheck": {"Test": ["CMD-SHELL", "x"]}"#), (true, false));
        assert_eq!(of(r#""Healthcheck": {"Test": ["CMD", "/probe"]}"#), (false, false));
    }

    #[test]
    fn what_is_none_is_said() {
        for (text, message) in [
            ("[]", "no image"),
            ("{", "EOF"),
            ("{}", "there is no `Config`"),
            (r#"{"config": {"User": 5}}"#, "invalid type"),
            (r#"{"layers": [], "config": {"digest": "sha256:a"}}"#, "manifest"),
            (r#"[{"State": {}, "Config": {}}]"#, "a container"),
            (r#"{"os": "windows", "config": {}}"#, "Windows"),
        ] {
            let error = ReadImage::read(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(matches!(ReadImage::read("{\n  1}"), Err(ImageConfigError::Json { line: 2, .. })));
    }
}
