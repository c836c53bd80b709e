//! Ports below 1024: in `EXPOSE`, and in the variables that tell programs where to listen.

use std::collections::BTreeSet;

use crate::dockerfile::{Instruction, Keyword, Op, Word};
use crate::rule::native::listen::{Listen, moved_text, ports_in};

use super::build::Build;
use super::{Found, Repair};

/// What is added to a port to make it unprivileged: 80 becomes 8080, 443 becomes 8443.
const OFFSET: i64 = 8000;

/// A variable that says where the program listens.
struct Variable<'a> {
    at: usize,
    word: &'a Word,
    place: usize,
    name: &'a str,
    listen: Listen,
    value: String,
}

impl Variable<'_> {
    fn ports(&self) -> Vec<i64> {
        ports_in(self.listen, &self.value)
    }
}

fn is_low(port: i64) -> bool {
    (1..1024).contains(&port)
}

/// The first and last port of `80`, `80/udp`, `80-90`.
fn range_of(text: &str) -> Option<(i64, i64)> {
    let ports = text.split('/').next()?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// A word of `EXPOSE`.
struct Exposed<'a> {
    at: usize,
    word: &'a Word,
    place: usize,
    first: i64,
    last: i64,
}

impl Exposed<'_> {
    /// The same with another port, where it is written as one.
    fn as_port(&self, port: i64) -> Option<Op> {
        let (_, text) = self.word.literal().filter(|_| self.first == self.last)?;
        let text = text.replacen(&self.first.to_string(), &port.to_string(), 1);
        Some(Op::Word { at: self.at, word: self.place, text })
    }
}

/// The ports that the image exposes.
fn exposes<'a>(build: &Build<'a>) -> Vec<Exposed<'a>> {
    let mut found = Vec::new();
    for (at, instruction) in build.chain.instructions().filter(|(_, it)| it.keyword == Keyword::Expose) {
        for (place, word) in instruction.words.iter().enumerate() {
            let range = build.expand(at, word).and_then(|text| range_of(&text));
            found.extend(range.map(|(first, last)| Exposed { at, word, place, first, last }));
        }
    }
    found
}

/// The variables that hold at the end and tell a program where to listen.
fn variables<'a>(build: &Build<'a>) -> Vec<Variable<'a>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let pairs = |it: &'a Instruction| it.names.iter().zip(&it.words).enumerate().rev();
    for (at, instruction) in build.chain.instructions().rev().filter(|(_, it)| it.keyword == Keyword::Env) {
        for (place, (name, word)) in pairs(instruction) {
            if !seen.insert(name.as_str()) {
                continue;
            }
            if let (Some(listen), Some(value)) = (Listen::of(name), build.expand(at, word)) {
                found.push(Variable { at, word, place, name, listen, value });
            }
        }
    }
    found.reverse();
    found
}

/// The ports below 1024 that variables tell the program to listen on.
pub fn moves(build: &Build<'_>) -> Vec<i64> {
    let all = variables(build).iter().flat_map(Variable::ports).collect::<BTreeSet<i64>>();
    all.into_iter().filter(|port| is_low(*port)).collect()
}

/// The ports that the program is told to listen on: by the variables of the Dockerfile, else by the base.
pub fn listened(build: &Build<'_>) -> Vec<u16> {
    let own: BTreeSet<i64> = variables(build).iter().flat_map(Variable::ports).collect();
    if own.is_empty() {
        return build.fact.as_ref().map(|fact| fact.row.ports.clone()).unwrap_or_default();
    }
    own.into_iter().filter_map(|port| u16::try_from(port).ok()).collect()
}

/// Says another port where one is exposed.
pub fn exposed_as(build: &Build<'_>, old: i64, new: i64) -> Vec<Op> {
    exposes(build).iter().filter(|it| it.first == old).filter_map(|it| it.as_port(new)).collect()
}

/// What an image says of ports.
struct Ports<'a> {
    exposed: Vec<Exposed<'a>>,
    variables: Vec<Variable<'a>>,
}

impl<'a> Ports<'a> {
    fn of(build: &Build<'a>) -> Self {
        Self { exposed: exposes(build), variables: variables(build) }
    }

    /// Moves a port in the variables and `EXPOSE`s that name it.
    fn moved(&self, old: i64) -> Result<Repair, String> {
        let new = old + OFFSET;
        if self.exposed.iter().any(|it| (it.first..=it.last).contains(&new)) {
            return Err(format!("port {new} is taken"));
        }
        let mut ops = Vec::new();
        for variable in self.variables.iter().filter(|it| it.ports().contains(&old)) {
            let text = variable.word.literal().map(|(_, text)| text);
            let text = text.and_then(|text| moved_text(variable.listen, text, old, new));
            let text = text.ok_or_else(|| format!("{} is put together from parts", variable.name))?;
            ops.push(Op::Word { at: variable.at, word: variable.place, text });
        }
        if ops.is_empty() {
            return Err("nothing here tells the program of another port".to_owned());
        }
        for exposed in self.exposed.iter().filter(|it| (it.first..=it.last).contains(&old)) {
            if exposed.first != exposed.last {
                return Err("a range of ports is exposed".to_owned());
            }
            // What is exposed by a variable follows by itself.
            ops.extend(exposed.as_port(new));
        }
        Ok(Repair { title: Some(format!("Listen on port {new}")), level: None, ops })
    }
}

/// Moves a port in the variables and `EXPOSE`s that name it.
pub fn moved(build: &Build<'_>, old: i64) -> Result<Repair, String> {
    Ports::of(build).moved(old)
}

/// `EXPOSE` of a port below 1024.
pub fn exposed(build: &Build<'_>) -> Vec<Found> {
    let ports = Ports::of(build);
    let found = |it: &Exposed<'_>| {
        let what = match it.first == it.last {
            true => format!("port {}", it.first),
            false => format!("ports {} to {}", it.first, it.last),
        };
        Found {
            at: it.at,
            span: it.word.span,
            field: "EXPOSE",
            absent: false,
            message: Some(format!("the image exposes {what}, below 1024")),
            repair: ports.moved(it.first),
        }
    };
    ports.exposed.iter().filter(|it| is_low(it.first)).map(found).collect()
}

/// A variable that tells the program to listen below 1024. Names that others may use for something else
/// count only where the port is exposed too.
pub fn listening(build: &Build<'_>) -> Vec<Found> {
    let ports = Ports::of(build);
    let mut found = Vec::new();
    for variable in &ports.variables {
        let certain = variable.listen != Listen::Port || variable.name == "PORT";
        let exposed = |port: i64| ports.exposed.iter().any(|it| it.first == port);
        let low = |port: &i64| is_low(*port) && (certain || exposed(*port));
        let Some(port) = variable.ports().into_iter().find(low) else { continue };
        found.push(Found {
            at: variable.at,
            span: variable.word.span,
            field: "ENV",
            absent: false,
            message: Some(format!("{} tells the program to listen on port {port}", variable.name)),
            repair: ports.moved(port),
        });
    }
    found
}
