//! Environment variables that tell a program where to listen, and their values with another port.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The shipped table.
const SHIPPED: &str = include_str!("../../../ports.toml");

/// How the value of a listen variable is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listen {
    /// URLs or addresses with semicolons between them: `http://+:80`, `:80`.
    Urls,
    /// Ports with semicolons between them: `80;81`.
    Ports,
    /// A port.
    Port,
}

/// Annotations that name ports.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotations {
    /// Those of a pod.
    pub pod: Vec<String>,
    /// Those of a Service, which name ports of the pods behind it.
    pub service: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    listen: BTreeMap<String, Listen>,
    annotations: Annotations,
}

/// The shipped table; empty should it be broken, which a test makes sure it is not.
fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(SHIPPED).unwrap_or_default());
    &TABLE
}

/// Annotations that name ports.
pub fn annotations() -> &'static Annotations {
    &table().annotations
}

impl Listen {
    /// The variable of a name.
    pub fn of(name: &str) -> Option<Self> {
        let table = &table().listen;
        let pattern = |(pattern, listen): (&String, &Self)| {
            let (front, back) = pattern.split_once('*')?;
            let inner = name.strip_prefix(front)?.strip_suffix(back)?;
            (!inner.is_empty()).then_some(*listen)
        };
        table.get(name).copied().or_else(|| table.iter().find_map(pattern))
    }
}

/// The ports that a value names; of a URL without one its scheme's.
pub fn ports_in(listen: Listen, text: &str) -> Vec<i64> {
    let part = |part: &str| match listen {
        Listen::Port | Listen::Ports => part.trim().parse().ok(),
        Listen::Urls => {
            let (scheme, rest) = part.split_once("://").unwrap_or(("", part));
            let host = rest.split('/').next().unwrap_or("");
            match host.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
                Some((_, port)) => port.parse().ok(),
                None => [("http", 80), ("https", 443)].into_iter().find(|it| it.0 == scheme).map(|it| it.1),
            }
        }
    };
    match listen {
        Listen::Port => part(text).into_iter().collect(),
        Listen::Ports | Listen::Urls => text.split(';').filter_map(part).collect(),
    }
}

/// A value with the new port in place of the old one; `None` where the old one is not in it.
pub fn moved_text(listen: Listen, text: &str, old: i64, new: i64) -> Option<String> {
    let (old, new) = (old.to_string(), new.to_string());
    let port = |part: &str| if part.trim() == old { part.replace(&old, &new) } else { part.to_owned() };
    let moved = match listen {
        Listen::Port => port(text),
        Listen::Ports => text.split(';').map(port).collect::<Vec<_>>().join(";"),
        Listen::Urls => {
            let url = |part: &str| -> String {
                let start = part.find("://").map_or(0, |at| at + 3);
                let (scheme, rest) = part.split_at(start);
                let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let colon = host.rfind(':').filter(|&at| !host.get(at..).is_some_and(|it| it.contains(']')));
                match colon.map(|at| host.split_at(at)) {
                    Some((name, number)) if number.get(1..) == Some(&*old) => {
                        format!("{scheme}{name}:{new}{path}")
                    }
                    // A URL without a port means its scheme's.
                    None if scheme == "http://" && old == "80" || scheme == "https://" && old == "443" => {
                        format!("{scheme}{host}:{new}{path}")
                    }
                    _ => part.to_owned(),
                }
            };
            text.split(';').map(url).collect::<Vec<_>>().join(";")
        }
    };
    (moved != text).then_some(moved)
}

/// A list of ports with commas between them, with the new port in place of the old one; `None` where
/// the old one is not in it.
pub fn moved_list(text: &str, old: i64, new: i64) -> Option<String> {
    let (old, new) = (old.to_string(), new.to_string());
    let port = |part: &str| if part.trim() == old { part.replace(&old, &new) } else { part.to_owned() };
    let moved = text.split(',').map(port).collect::<Vec<_>>().join(",");
    (moved != text).then_some(moved)
}

/// Whether a text seems to say that something listens on a port, or is called there.
pub fn names_port(text: &str, port: i64) -> bool {
    u16::try_from(port).is_ok_and(|port| ports_named(text).contains(&port))
}

/// The ports that a text seems to say something listens on, or is called at: numbers as whole words, behind a
/// colon or on a line that speaks of ports or addresses before them. Sorted.
pub fn ports_named(text: &str) -> Vec<u16> {
    let mut ports = Vec::new();
    for line in text.lines() {
        let bytes = line.as_bytes();
        let mut spoken_of = None;
        let mut end = 0;
        while let Some(start) = bytes.iter().skip(end).position(u8::is_ascii_digit).map(|at| end + at) {
            end = bytes
                .iter()
                .skip(start)
                .position(|byte| !byte.is_ascii_digit())
                .map_or(bytes.len(), |at| start + at);
            let before = start.checked_sub(1).and_then(|at| bytes.get(at));
            let Some(number) = line.get(start..end).filter(|_| is_whole(before, bytes.get(end..))) else {
                continue;
            };
            let Ok(port) = number.parse::<u16>() else { continue };
            let from = spoken_of.get_or_insert_with(|| speaks_from(line));
            if before == Some(&b':') || from.is_some_and(|from| from <= start) {
                // Nobody writes a port with a zero before it.
                ports.extend((number == "0" || !number.starts_with('0')).then_some(port));
            }
        }
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Whether digits between these bytes are a word of their own, and no part of a version or an address.
fn is_whole(before: Option<&u8>, after: Option<&[u8]>) -> bool {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !before.is_some_and(|byte| part(byte) || *byte == b'.')
        && match after {
            Some([b'.', digit, ..]) => !digit.is_ascii_digit(),
            Some([byte, ..]) => !part(byte),
            _ => true,
        }
}

/// The byte from which on a line has spoken of ports or addresses.
fn speaks_from(line: &str) -> Option<usize> {
    const WORDS: [&str; 5] = ["listen", "port", "bind", "addr", "://"];
    let lower = line.to_ascii_lowercase();
    WORDS.iter().filter_map(|word| lower.find(word).map(|at| at + word.len())).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_old_port_moves() {
        let urls = |text| moved_text(Listen::Urls, text, 80, 8080);
        assert_eq!(urls("http://+:80").as_deref(), Some("http://+:8080"));
        assert_eq!(urls("http://*:80/;https://+:443").as_deref(), Some("http://*:8080/;https://+:443"));
        assert_eq!(urls("http://[::]:80").as_deref(), Some("http://[::]:8080"));
        assert_eq!(urls("http://[::]").as_deref(), Some("http://[::]:8080"));
        assert_eq!(urls(":80").as_deref(), Some(":8080"));
        assert_eq!(urls("http://+:8080"), None);
        assert_eq!(moved_text(Listen::Ports, "80;81", 80, 8080).as_deref(), Some("8080;81"));
        assert_eq!(moved_text(Listen::Port, "80", 80, 8080).as_deref(), Some("8080"));
        assert_eq!(moved_text(Listen::Port, "8000", 80, 8080), None);
        assert_eq!(ports_in(Listen::Urls, "http://*:80/;https://+;:81;http://[::1]"), [80, 443, 81, 80]);
        assert_eq!(ports_in(Listen::Ports, "80; 81"), [80, 81]);
        assert!(ports_in(Listen::Port, "80;81").is_empty());
        assert_eq!(moved_list("80, 9090", 80, 8080).as_deref(), Some("8080, 9090"));
        assert_eq!(moved_list("8080", 80, 8080), None);
    }

    #[test]
    fn variables_are_known_by_name_and_pattern() {
        assert_eq!(Listen::of("PORT"), Some(Listen::Port));
        assert_eq!(Listen::of("NGINX_HTTP_PORT_NUMBER"), Some(Listen::Port));
        assert_eq!(Listen::of("Kestrel__Endpoints__Http__Url"), Some(Listen::Urls));
        assert_eq!(Listen::of("REPORT"), None);
        assert_eq!(Listen::of("_PORT_NUMBER"), None);
        assert!(annotations().pod.iter().any(|name| name == "prometheus.io/port"));
    }

    #[test]
    fn a_port_is_named_as_a_whole_word_where_ports_are_spoken_of() {
        for text in ["listen 80;", "--port=80", "--bind 0.0.0.0:80", "http://localhost:80/x", "Listen 80"] {
            assert!(names_port(text, 80), "{text}");
        }
        for text in ["listen 8080;", "--port=180", "weight: 80", "timeout 80", "listen 80.5", "port 1.80"] {
            assert!(!names_port(text, 80), "{text}");
        }
        let text = "listen 443; listen 80;\ntimeout 30\n81 is a Port, 080 or 82 or v83\n\u{e9}:84 x:70000";
        assert_eq!(ports_named(text), [80, 82, 84, 443]);
    }
}
