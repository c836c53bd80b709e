//! From tables as written to rules ready to run, with errors that point at the text.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use regex::Regex;
use toml::Spanned;

use crate::finding::Applicability;
use crate::yaml::FieldPath;

use super::catalogue::{Catalogue, CatalogueError, Change, Fix, Rule, RuleTest};
use super::dockerfile;
use super::frame::Paths;
use super::message::Message;
use super::native;
use super::pod_security::Check;
use super::predicate::{FieldTest, Predicate, Test};
use super::schema::{FixTable, Operation, PredicateTable, RuleFile, RuleTable};
use super::scope::{Root, Scope};
use super::selection::nearest;

/// Predicates may name others this deep.
const DEEPEST: usize = 16;

struct Compiler<'a> {
    paths: Paths,
    checks: Vec<Check>,
    named: BTreeMap<&'a str, &'a PredicateTable>,
}

/// Where an error without a place of its own belongs.
type Span = Option<Range<usize>>;

fn error(message: impl Into<String>, span: Span) -> CatalogueError {
    CatalogueError { message: message.into(), span, help: None }
}

/// Compiles the shipped rules with a configuration's.
pub(super) fn compile(shipped: &RuleFile, user: Option<&RuleFile>) -> Result<Catalogue, CatalogueError> {
    let files = || std::iter::once(shipped).chain(user);
    let named =
        files().flat_map(|file| &file.predicates).map(|(name, table)| (name.as_str(), table)).collect();
    let mut compiler = Compiler { paths: Paths::default(), checks: Vec::new(), named };
    compiler.checks(shipped)?;
    let mut rules: BTreeMap<&str, Rule> = BTreeMap::new();
    for (file, by_user) in std::iter::once((shipped, false)).chain(user.map(|user| (user, true))) {
        for (id, table) in &file.rules {
            // Spans of the shipped file mean nothing to the user.
            let span = by_user.then(|| table.span());
            if let Some(rule) = rules.get_mut(id.as_str()) {
                change(rule, table.get_ref(), span)?;
            } else {
                let rule = compiler.rule(id, table.get_ref(), span, by_user).map_err(|mut error| {
                    error.message = format!("rule `{id}`: {}", error.message);
                    error
                });
                let rule = rule.map_err(|mut error| {
                    let known = rules.keys().copied();
                    if by_user && error.help.is_none() && table.get_ref().summary.is_none() {
                        error.help = nearest(id, known).map(|known| format!("did you mean `{known}`?"));
                    }
                    error
                })?;
                rules.insert(id, rule);
            }
        }
    }
    Ok(Catalogue::from_parts(rules.into_values().collect(), compiler.checks, compiler.paths))
}

/// A configuration's words on a rule that is there already.
fn change(rule: &mut Rule, table: &RuleTable, span: Span) -> Result<(), CatalogueError> {
    let defines = table.summary.is_some()
        || table.scope.is_some()
        || table.require.is_some()
        || table.forbid.is_some()
        || table.native.is_some()
        || table.message.is_some()
        || !table.fix.is_empty();
    if defines {
        let mut error = error(format!("rule `{}` is shipped: it can not be defined anew", rule.id), span);
        error.help = Some("set `enabled`, `severity` or `applicability`, or choose another id".to_owned());
        return Err(error);
    }
    if let Some(enabled) = table.enabled.or(table.default) {
        rule.default = enabled;
    }
    rule.severity = table.severity.unwrap_or(rule.severity);
    for fix in &mut rule.fixes {
        // A suggestion asks for a decision that only a person can make; no setting makes it for all.
        if table.applicability.is_some() && fix.applicability != Applicability::Suggestion {
            fix.given = table.applicability;
        }
    }
    Ok(())
}

/// A kebab-case id.
fn is_id(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    id.split('-').all(word)
}

impl Compiler<'_> {
    fn checks(&mut self, file: &RuleFile) -> Result<(), CatalogueError> {
        let ids: Vec<&String> = file.checks.keys().collect();
        for (id, table) in &file.checks {
            let mut overrides = Vec::new();
            for other in &table.overrides {
                let found = ids.iter().position(|id| *id == other);
                overrides
                    .push(found.ok_or_else(|| error(format!("check `{id}` overrides `{other}`"), None))?);
            }
            let exempt = match &table.exempt {
                Some(exempt) => Some(self.predicate(exempt, Scope::Pod, 0)?),
                None => None,
            };
            let id = Arc::from(id.as_str());
            self.checks.push(Check { id, level: table.level, since: table.since, overrides, exempt });
        }
        Ok(())
    }

    fn rule(&mut self, id: &str, table: &RuleTable, span: Span, user: bool) -> Result<Rule, CatalogueError> {
        if !is_id(id) {
            return Err(error("an id is words of lower-case letters and digits, joined by `-`", span));
        }
        let missing = |key: &str| error(format!("`{key}` is missing"), span.clone());
        let scope = table.scope.ok_or_else(|| missing("scope"))?;
        let test = match (&table.require, &table.forbid, &table.native) {
            (Some(require), None, None) => RuleTest::Require(self.predicate(require, scope, 0)?),
            (None, Some(forbid), None) => RuleTest::Forbid(self.predicate(forbid, scope, 0)?),
            (None, None, Some(name)) if scope == Scope::Dockerfile => {
                let finder = dockerfile::finder(name);
                let known = dockerfile::finders();
                RuleTest::Dockerfile(
                    finder.ok_or_else(|| unknown("Dockerfile rule", name, known, span.clone()))?,
                )
            }
            (None, None, Some(name)) => {
                let finder = native::finder(name);
                RuleTest::Native(
                    finder.ok_or_else(|| unknown("native rule", name, native::finders(), span.clone()))?,
                )
            }
            (None, None, None) if scope.is_values_key() => RuleTest::Every,
            _ if scope.is_values_key() => return Err(error("a rule of this scope has no test", span)),
            _ => return Err(error("exactly one of `require`, `forbid`, `native` is needed", span)),
        };
        if scope == Scope::Dockerfile {
            let planned = |fix: &FixTable| fix.native.as_deref() == Some("planned");
            if !matches!(test, RuleTest::Dockerfile(_)) || !table.fix.iter().all(planned) {
                let message = "a rule on Dockerfiles is `native`, and so are its fixes (`planned`)";
                return Err(error(message, span));
            }
        }
        let condition = match &table.condition {
            Some(condition) => Some(self.predicate(condition, scope, 0)?),
            None => None,
        };
        let text = table.message.as_ref().ok_or_else(|| missing("message"))?;
        let message = Message::parse(text.get_ref()).map_err(|found| CatalogueError {
            message: format!("`{{{}}}` is no placeholder", found.word),
            span: user.then(|| text.span()),
            help: Some(format!("did you mean `{{{}}}`?", found.nearest)),
        })?;
        let mut checks = Vec::new();
        for name in &table.pss {
            let found = self.checks.iter().position(|check| *check.id == **name);
            let known = self.checks.iter().map(|check| &*check.id);
            checks.push(found.ok_or_else(|| unknown("Pod Security check", name, known, span.clone()))?);
        }
        let mut standards = Catalogue::levels_of(&self.checks, &checks);
        standards.extend(table.standards.iter().map(|name| Arc::from(name.as_str())));
        let mut fixes = Vec::new();
        for fix in &table.fix {
            fixes.push(self.fix(id, fix, scope, span.clone(), user)?);
        }
        let mut rule = Rule {
            id: Arc::from(id),
            summary: table.summary.clone().ok_or_else(|| missing("summary"))?,
            severity: table.severity.ok_or_else(|| missing("severity"))?,
            scope,
            why: table.why.clone().ok_or_else(|| missing("why"))?,
            versions: (table.since, table.until),
            pss: checks
                .iter()
                .filter_map(|&at| self.checks.get(at))
                .map(|check| Arc::clone(&check.id))
                .collect(),
            standards,
            peers: table.peers.clone(),
            references: table.references.clone(),
            fixes,
            no_fix: table.no_fix.as_deref().map(Arc::from),
            user,
            default: table.enabled.or(table.default).unwrap_or(true),
            checks,
            kinds: table.kinds.clone(),
            condition,
            test,
            message,
        };
        if let (true, Some(level)) = (user, table.applicability) {
            for fix in rule.fixes.iter_mut().filter(|fix| fix.applicability != Applicability::Suggestion) {
                fix.given = Some(level);
            }
        }
        Ok(rule)
    }

    fn fix(
        &mut self,
        rule: &str,
        table: &FixTable,
        scope: Scope,
        span: Span,
        user: bool,
    ) -> Result<Fix, CatalogueError> {
        let root = table.at.unwrap_or(scope.root());
        let path = match &table.path {
            Some(path) => Some(self.path(path, scope, root, user)?),
            None => None,
        };
        let needs = |what: &str| error(format!("fix `{}` needs {what}", table.title), span.clone());
        let change = match (table.op, path, &table.value, &table.native) {
            (Some(Operation::Set), Some(path), Some(value), None) => {
                Change::Set { root, path, value: value.clone() }
            }
            (Some(Operation::Append), Some(path), Some(value), None) => {
                let slot = self.paths.slot(root, &path);
                Change::Append { root, path, slot, value: value.clone() }
            }
            (Some(Operation::Remove), Some(path), None, None) => {
                let slot = self.paths.slot(root, &path);
                Change::Remove { root, path, slot }
            }
            (Some(Operation::RemoveItem), None, None, None) => Change::RemoveItem,
            (None, None, None, Some(name)) => {
                let fixer = native::fixer(name);
                let known = native::fixers();
                Change::Native(fixer.ok_or_else(|| unknown("fixer", name, known, span.clone()))?)
            }
            _ => return Err(needs("`native`, or `op` with the `path` and `value` that go with it")),
        };
        if table.title.is_empty() || table.safety.is_empty() {
            return Err(needs("`title` and `safety`"));
        }
        let mut blocked_if = Vec::new();
        for block in &table.blocked_if {
            blocked_if.push((self.predicate(&block.when, scope, 0)?, Arc::from(block.reason.as_str())));
        }
        let mut optional = |table: &Option<PredicateTable>| {
            table.as_ref().map(|table| self.predicate(table, scope, 0)).transpose()
        };
        Ok(Fix {
            title: Arc::from(table.title.as_str()),
            applicability: table.applicability.unwrap_or(Applicability::Unsafe),
            safety: Arc::from(table.safety.as_str()),
            given: None,
            change,
            safe_if: optional(&table.safe_if)?,
            unsafe_if: optional(&table.unsafe_if)?,
            suggestion_if: optional(&table.suggestion_if)?,
            applies_if: optional(&table.applies_if)?,
            blocked_if,
            flags: [Arc::from("--unsafe-fixes"), Arc::from(format!("--apply-suggestion {rule}"))],
        })
    }

    fn path(
        &mut self,
        path: &Spanned<String>,
        scope: Scope,
        root: Root,
        user: bool,
    ) -> Result<FieldPath, CatalogueError> {
        let span = user.then(|| path.span());
        if !scope.has(root) {
            return Err(error("this scope has nothing there for `at`", span));
        }
        let text = path.get_ref();
        let text = if text == "." { "" } else { text.as_str() };
        text.parse().map_err(|found| error(format!("path `{}`: {found}", path.get_ref()), span))
    }

    fn predicate(
        &mut self,
        table: &PredicateTable,
        scope: Scope,
        depth: usize,
    ) -> Result<Predicate, CatalogueError> {
        if depth > DEEPEST {
            return Err(error("predicates are nested too deeply", None));
        }
        let mut list = |parts: &[PredicateTable]| {
            parts.iter().map(|part| self.predicate(part, scope, depth + 1)).collect::<Result<Vec<_>, _>>()
        };
        let mut found = Vec::new();
        if let Some(parts) = &table.all {
            found.push(Predicate::All(list(parts)?));
        }
        if let Some(parts) = &table.any {
            found.push(Predicate::Any(list(parts)?));
        }
        if let Some(part) = &table.not {
            found.push(Predicate::Not(Box::new(self.predicate(part, scope, depth + 1)?)));
        }
        if let Some(name) = &table.named {
            let Some(&named) = self.named.get(name.as_str()) else {
                return Err(unknown("predicate", name, self.named.keys().copied(), None));
            };
            found.push(self.predicate(named, scope, depth + 1)?);
        }
        found.extend(table.since.map(Predicate::Since));
        found.extend(table.kind.clone().map(Predicate::Kind));
        found.extend(table.fact.map(Predicate::Fact));
        if let Some(path) = &table.path {
            found.push(Predicate::Field(self.field_test(table, path, scope)?));
        }
        let span = table.path.as_ref().map(Spanned::span);
        match (found.pop(), found.is_empty()) {
            (Some(predicate), true) => Ok(predicate),
            _ => Err(error(
                "a predicate is exactly one of `path`, `all`, `any`, `not`, `named`, `since`, `kind`, `fact`",
                span,
            )),
        }
    }

    fn field_test(
        &mut self,
        table: &PredicateTable,
        path: &Spanned<String>,
        scope: Scope,
    ) -> Result<FieldTest, CatalogueError> {
        let root = table.at.unwrap_or(scope.root());
        let span = Some(path.span());
        let parsed = self.path(path, scope, root, true)?;
        let slot = self.paths.slot(root, &parsed);
        let effective = match (table.effective, root) {
            (false, _) => None,
            (true, Root::Container) => Some(self.paths.slot(Root::Pod, &parsed)),
            (true, _) => return Err(error("`effective` is for fields of a container", span)),
        };
        let mut tests = Vec::new();
        tests.extend(table.is.clone().map(Test::Is));
        tests.extend(table.within.clone().map(Test::In));
        tests.extend(table.contains.clone().map(Test::Contains));
        tests.extend(table.present.map(Test::Present));
        if table.min.is_some() || table.max.is_some() {
            tests.push(Test::Range(table.min.unwrap_or(i64::MIN), table.max.unwrap_or(i64::MAX)));
        }
        if let Some(pattern) = &table.matches {
            let regex = Regex::new(pattern.get_ref());
            tests.push(Test::Matches(regex.map_err(|found| error(found.to_string(), Some(pattern.span())))?));
        }
        match (tests.pop(), tests.is_empty()) {
            (Some(test), true) => Ok(FieldTest { root, slot, path: parsed, effective, test }),
            _ => Err(error(
                "a test is exactly one of `is`, `in`, `min`/`max`, `matches`, `contains`, `present`",
                span,
            )),
        }
    }
}

fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    span: Span,
) -> CatalogueError {
    let known: BTreeSet<&str> = known.into_iter().collect();
    let help = nearest(name, known).map(|known| format!("did you mean `{known}`?"));
    CatalogueError { message: format!("there is no {what} `{name}`"), span, help }
}
