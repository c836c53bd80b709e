//! Ignores in a Dockerfile. A comment is a line of its own there: `# seaworthy: ignore[rule] reason` covers
//! the instruction below it, or the one it stands in; `file-ignore` before the first instruction the file.
//! `# hadolint ignore=DL3002` covers the instruction below, `# checkov:skip=CKV_DOCKER_3` the file.

use crate::dockerfile::Dockerfile;
use crate::engine::suppress::{Rule, Silence, configured, parse};
use crate::engine::{Engine, IgnoredBy};
use crate::finding::Finding;
use crate::source::{Problem, ProblemKind, Span};

/// What a comment covers: an instruction, or the file.
type Reach = Option<usize>;

/// A comment of ours.
struct Comment {
    rules: Vec<Rule>,
    reason: Option<String>,
    reach: Reach,
}

/// Another tool's comment.
struct Peer {
    tool: &'static str,
    ids: Vec<String>,
    reach: Reach,
}

/// All ignores of a file.
#[derive(Default)]
pub(super) struct Ignores {
    comments: Vec<Comment>,
    peers: Vec<Peer>,
}

/// The instruction that a comment stands above or in.
fn below(file: &Dockerfile, comment: Span) -> Option<usize> {
    let instructions = file.instructions();
    let at = instructions.partition_point(|it| it.span.end() <= comment.start());
    (at < instructions.len()).then_some(at)
}

impl Ignores {
    /// Reads the comments of a file. What is wrong with them is a warning.
    pub fn read(engine: &Engine, file: &Dockerfile, problems: &mut Vec<Problem>) -> Self {
        let mut ignores = Self::default();
        if engine.settings.no_ignores {
            return ignores;
        }
        let source = file.source();
        for &comment in file.comments() {
            let text = source.slice(comment).trim_start_matches('#').trim_start();
            let ids = |list: &str| list.split([',', ' ', ':']).map(|id| id.trim().to_owned()).collect();
            if let Some((_, list)) = text.strip_prefix("hadolint").and_then(|it| it.split_once("ignore=")) {
                ignores.peers.push(Peer { tool: "hadolint", ids: ids(list), reach: below(file, comment) });
            }
            if let Some(list) = text.strip_prefix("checkov:skip=") {
                ignores.peers.push(Peer { tool: "checkov", ids: ids(list), reach: None });
            }
            let Some(rest) = text.strip_prefix("seaworthy:") else { continue };
            let warn = |message| Problem::new(ProblemKind::Warning, source, comment, message);
            match parse(engine, source, rest, comment.end() - rest.len()) {
                Ok((whole, rules, reason)) => {
                    let reach = below(file, comment);
                    if whole && reach != Some(0) {
                        problems.push(warn(
                            "file-ignore has no effect here: it stands before the first instruction",
                        ));
                    } else if reach.is_none() {
                        problems.push(warn("this ignore has no effect: there is no instruction below it"));
                    } else {
                        let reach = if whole { None } else { reach };
                        ignores.comments.push(Comment { rules, reason, reach });
                    }
                }
                Err(problem) => problems.push(*problem),
            }
        }
        ignores
    }

    /// What silences a finding at an instruction, if anything does.
    pub fn silences(&self, engine: &Engine, at: usize, finding: &Finding) -> Option<Silence> {
        let settings = &engine.settings;
        if settings.no_ignores || settings.never_ignore.contains(&*finding.rule) {
            return None;
        }
        let covers = |reach: Reach| reach.is_none_or(|place| place == at);
        for comment in self.comments.iter().filter(|comment| covers(comment.reach)) {
            let Some(rule) = comment.rules.iter().find(|rule| rule.id == *finding.rule) else { continue };
            rule.used.set(true);
            let by = if comment.reach.is_none() { IgnoredBy::FileComment } else { IgnoredBy::Comment };
            return Some(Silence { by, reason: comment.reason.clone(), configured: None });
        }
        let peer =
            self.peers.iter().filter(|peer| covers(peer.reach)).find(|peer| {
                peer.ids.iter().any(|id| engine.peer_rules(peer.tool, id).contains(&finding.rule))
            });
        let peer =
            peer.map(|peer| Silence { by: IgnoredBy::Peer(peer.tool), reason: None, configured: None });
        configured(engine, finding).or(peer)
    }

    /// Warns of ids that silenced nothing, as far as their rules ran.
    pub fn unused(&self, engine: &Engine, file: &Dockerfile, problems: &mut Vec<Problem>) {
        for rule in self.comments.iter().flat_map(|comment| &comment.rules) {
            problems.extend(rule.unused(engine, file.source()));
        }
    }
}
