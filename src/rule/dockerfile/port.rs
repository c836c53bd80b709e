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

/// The ports that the image exposes: the instruction, the place of the word, the word and its range.
fn exposes<'a>(build: &Build<'a>) -> Vec<(usize, usize, &'a Word, (i64, i64))> {
    let mut found = Vec::new();
    for (at, instruction) in build.chain.instructions().filter(|(_, it)| it.keyword == Keyword::Expose) {
        for (place, word) in instruction.words.iter().enumerate() {
            let range = build.expand(at, word).and_then(|text| range_of(&text));
            found.extend(range.map(|range| (at, place, word, range)));
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

/// Says another port where one is exposed.
pub fn exposed_as(build: &Build<'_>, old: i64, new: i64) -> Vec<Op> {
    let one = |(at, place, word, range): (usize, usize, &Word, (i64, i64))| {
        let (_, text) = word.literal().filter(|_| range == (old, old))?;
        Some(Op::Word { at, word: place, text: text.replacen(&old.to_string(), &new.to_string(), 1) })
    };
    exposes(build).into_iter().filter_map(one).collect()
}

/// Moves a port in the variables and `EXPOSE`s that name it.
pub fn moved(build: &Build<'_>, old: i64) -> Result<Repair, String> {
    let new = old + OFFSET;
    let exposed = exposes(build);
    if exposed.iter().any(|(.., (first, last))| (*first..=*last).contains(&new)) {
        return Err(format!("port {new} is taken"));
    }
    let mut ops = Vec::new();
    for variable in variables(build).iter().filter(|it| it.ports().contains(&old)) {
        let (_, text) = variable.word.literal().ok_or_else(|| format!("{} is put together from parts", variable.name))?;
        let text = moved_text(variable.listen, text, old, new)
            .ok_or_else(|| format!("{} is put together from parts", variable.name))?;
        ops.push(Op::Word { at: variable.at, word: variable.place, text });
    }
    if ops.is_empty() {
        return Err("nothing here tells the program of another port".to_owned());
    }
    for (at, place, word, range) in exposed {
        if !(range.0..=range.1).contains(&old) {
            continue;
        }
        // A variable that moves may be what it is exposed by.
        let literal = word.literal().map(|(_, text)| text);
        match literal {
            Some(text) if range.0 == range.1 => {
                let text = text.replacen(&old.to_string(), &new.to_string(), 1);
                ops.push(Op::Word { at, word: place, text });
            }
            Some(_) => return Err("a range of ports is exposed".to_owned()),
            None => {}
        }
    }
    Ok(Repair { title: Some(format!("Listen on port {new}")), level: None, ops })
}

/// `EXPOSE` of a port below 1024.
pub fn exposed(build: &Build<'_>) -> Vec<Found> {
    let low = exposes(build).into_iter().filter(|(.., range)| is_low(range.0));
    let found = |(at, _, word, (first, last)): (usize, usize, &Word, (i64, i64))| {
        let ports = if first == last { format!("port {first}") } else { format!("ports {first} to {last}") };
        Found {
            at,
            span: word.span,
            field: "EXPOSE",
            absent: false,
            message: Some(format!("the image exposes {ports}; below 1024 a process that is not root may not listen")),
            repair: moved(build, first),
        }
    };
    low.map(found).collect()
}

/// A variable that tells the program to listen below 1024. Names that others may use for something else
/// count only where the port is exposed too.
pub fn listening(build: &Build<'_>) -> Vec<Found> {
    let exposed: Vec<i64> = exposes(build).into_iter().map(|(.., range)| range.0).collect();
    let mut found = Vec::new();
    for variable in variables(build) {
        let certain = variable.listen != Listen::Port || variable.name == "PORT";
        let low = |port: &i64| is_low(*port) && (certain || exposed.contains(port));
        let Some(port) = variable.ports().into_iter().find(low) else { continue };
        found.push(Found {
            at: variable.at,
            span: variable.word.span,
            field: "ENV",
            absent: false,
            message: Some(format!("{} tells the program to listen on port {port}", variable.name)),
            repair: moved(build, port),
        });
    }
    found
}
