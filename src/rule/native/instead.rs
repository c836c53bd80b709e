//! What the kubelet itself can do in place of a command: ask over HTTP, open a connection, wait.

use serde_json::{Value, json};

use crate::rule::shell_words::{base_name, is_shell, script, split_quoted, without_trimmings};

/// What does the same as a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// A GET request that succeeds below status 400.
    Http(Request),
    /// A connection.
    Tcp {
        /// The port.
        port: u16,
        /// Seconds after which the command gives up.
        limit: Option<i64>,
    },
    /// Waiting for seconds.
    Sleep(i64),
    /// The same command without a shell.
    Command(Vec<String>),
}

/// A request to the pod itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    https: bool,
    port: u16,
    path: String,
    headers: Vec<(String, String)>,
    /// Seconds after which the command gives up.
    pub limit: Option<i64>,
}

impl Request {
    /// As the value of `httpGet`.
    pub fn to_value(&self) -> Value {
        let mut value = json!({ "path": self.path, "port": self.port });
        if let Some(map) = value.as_object_mut() {
            if self.https {
                map.insert("scheme".to_owned(), json!("HTTPS"));
            }
            if !self.headers.is_empty() {
                let headers =
                    self.headers.iter().map(|(name, value)| json!({ "name": name, "value": value }));
                map.insert("httpHeaders".to_owned(), headers.collect());
            }
        }
        value
    }
}

/// What stands for a command.
///
/// # Errors
/// Why nothing is exactly the same.
pub fn instead_of(words: &[String]) -> Result<Instead, String> {
    if words.first().is_some_and(|program| is_shell(program)) {
        let text = script(words).ok_or("what the shell is to do is not said in one -c")?;
        let inner = split_quoted(without_trimmings(text))
            .ok_or("it says what only a shell understands: no probe or hook of the kubelet does the same")?;
        if let Ok(found) = by_program(&inner) {
            return Ok(found);
        }
        // A program of the image needs no shell around it; a tool is not there either.
        let own = inner.first().is_some_and(|first| !is_tool(first) && !is_shell(first));
        let filled_in = inner.iter().any(|word| word.contains("$("));
        return if own && !filled_in { Ok(Instead::Command(inner)) } else { by_program(&inner) };
    }
    by_program(words)
}

/// Tools that images without a shell do not have either, beside shells: such images hold one program and
/// what it needs. What is not on this list may well be that program.
const TOOLS: [&str; 43] = [
    "[", "awk", "basename", "cat", "chgrp", "chmod", "chown", "cp", "curl", "cut", "date", "df", "dirname",
    "echo", "env", "expr", "find", "grep", "head", "hostname", "id", "kill", "killall", "ls", "mkdir", "mv",
    "nc", "netstat", "pgrep", "pidof", "pkill", "printenv", "ps", "rm", "sed", "sleep", "stat", "tail",
    "test", "timeout", "touch", "wget", "xargs",
];

/// Whether a program is one of the tools that come with a shell.
pub fn is_tool(program: &str) -> bool {
    TOOLS.contains(&base_name(program))
}

fn by_program(words: &[String]) -> Result<Instead, String> {
    let Some((program, rest)) = words.split_first() else { return Err("there is no command".to_owned()) };
    match base_name(program) {
        "curl" => request(Tool::Curl, rest).map(Instead::Http),
        "wget" => request(Tool::Wget, rest).map(Instead::Http),
        "nc" => connection(rest),
        "sleep" => match rest {
            [text] => {
                let seconds =
                    text.strip_suffix('s').unwrap_or(text).parse().ok().filter(|seconds| *seconds > 0);
                seconds
                    .map(Instead::Sleep)
                    .ok_or_else(|| format!("sleep {text} is no whole number of seconds"))
            }
            _ => Err("sleep takes one number of seconds here".to_owned()),
        },
        name => Err(format!(
            "{name} has no counterpart that the kubelet does itself: call a program of the image"
        )),
    }
}

/// A tool that makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tool {
    Curl,
    Wget,
}

/// What an option means for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Nothing: what is printed, redirects (the kubelet follows them on the same host).
    Nothing,
    /// Nothing, with a value.
    Output,
    /// An answer of 400 or more is a failure.
    Fail,
    /// The certificate is not looked at; the kubelet never does.
    Insecure,
    /// A header.
    Header,
    /// Seconds to wait.
    Limit,
    /// The method.
    Method,
    /// How often it is tried.
    Tries,
}

fn meaning(tool: Tool, option: &str) -> Option<Meaning> {
    Some(match (tool, option) {
        (Tool::Curl, "-f" | "--fail") => Meaning::Fail,
        (
            Tool::Curl,
            "-s" | "--silent" | "-S" | "--show-error" | "-v" | "--verbose" | "-L" | "--location",
        ) => Meaning::Nothing,
        (Tool::Curl, "-k" | "--insecure") | (Tool::Wget, "--no-check-certificate") => Meaning::Insecure,
        (Tool::Curl, "-o" | "--output") | (Tool::Wget, "-O" | "--output-document") => Meaning::Output,
        (Tool::Curl, "-H" | "--header") | (Tool::Wget, "--header") => Meaning::Header,
        (Tool::Curl, "-m" | "--max-time") | (Tool::Wget, "-T" | "--timeout") => Meaning::Limit,
        (Tool::Curl, "-X" | "--request") => Meaning::Method,
        (Tool::Wget, "-t" | "--tries") => Meaning::Tries,
        (Tool::Wget, "-q" | "--quiet" | "-nv" | "--no-verbose" | "-S" | "--server-response" | "--spider") => {
            Meaning::Nothing
        }
        _ => return None,
    })
}

/// What the options of a tool come to.
struct Options {
    fail: bool,
    insecure: bool,
    headers: Vec<(String, String)>,
    limit: Option<i64>,
    urls: Vec<String>,
}

fn options(tool: Tool, words: &[String]) -> Result<Options, String> {
    // wget fails on an error by itself.
    let mut found = Options {
        fail: tool == Tool::Wget,
        insecure: false,
        headers: Vec::new(),
        limit: None,
        urls: Vec::new(),
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            found.urls.push(word.clone());
            continue;
        }
        let (mut option, mut value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (word.clone(), None),
        };
        let mut letters = None;
        if !word.starts_with("--") && meaning(tool, word).is_none() {
            // Letters may stand together, and a value behind the last one: -fsS, -qO-.
            let mut chars = word.chars().skip(1);
            option = chars.next().map(|letter| format!("-{letter}")).unwrap_or_default();
            letters = Some(chars.collect::<String>());
        }
        loop {
            let known =
                meaning(tool, &option).ok_or_else(|| format!("its option {option} has no counterpart"))?;
            let takes_value = !matches!(known, Meaning::Nothing | Meaning::Fail | Meaning::Insecure);
            if takes_value && value.is_none() {
                value = letters.take().filter(|rest| !rest.is_empty()).or_else(|| words.next().cloned());
            }
            found.apply(known, &option, value.take().unwrap_or_default())?;
            let mut rest = match letters.take() {
                Some(rest) if !rest.is_empty() => rest,
                _ => break,
            };
            option = format!("-{}", rest.remove(0));
            letters = Some(rest);
        }
    }
    Ok(found)
}

impl Options {
    fn apply(&mut self, meaning: Meaning, option: &str, value: String) -> Result<(), String> {
        match meaning {
            Meaning::Nothing => {}
            Meaning::Output if matches!(value.as_str(), "-" | "/dev/null") => {}
            Meaning::Output => return Err(format!("it writes what comes to {value}")),
            Meaning::Fail => self.fail = true,
            Meaning::Insecure => self.insecure = true,
            Meaning::Header => {
                let (name, text) = value.split_once(':').ok_or("its header is none")?;
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
                if name.is_empty() || !name.chars().all(plain) || text.contains("$(") {
                    return Err("its header is filled in later, or is none".to_owned());
                }
                self.headers.push((name.to_owned(), text.trim().to_owned()));
            }
            Meaning::Limit => {
                let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
                self.limit =
                    Some(seconds.ok_or_else(|| format!("{option} {value} is no whole number of seconds"))?);
            }
            Meaning::Method if value == "GET" => {}
            Meaning::Method => return Err(format!("it makes a {value} request, and the kubelet GET only")),
            Meaning::Tries if value == "1" => {}
            Meaning::Tries => return Err("it tries again by itself; set failureThreshold instead".to_owned()),
        }
        Ok(())
    }
}

fn request(tool: Tool, words: &[String]) -> Result<Request, String> {
    let options = options(tool, words)?;
    let [url] = options.urls.as_slice() else { return Err("it does not ask for exactly one URL".to_owned()) };
    if !options.fail {
        return Err(
            "without -f it succeeds also where the answer is an error, which no probe does".to_owned()
        );
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let https = match scheme {
        "http" => false,
        "https" if options.insecure => true,
        "https" => return Err("it checks the server's certificate, which the kubelet does not".to_owned()),
        other => return Err(format!("the kubelet does not speak {other}")),
    };
    let plain = rest.strip_prefix("[::1]").unwrap_or(rest);
    if plain.contains(['$', '{', '}', '[', '#', '@', ' ']) {
        return Err("its URL is filled in later, or is none that the kubelet takes".to_owned());
    }
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (host, port) = match authority.strip_prefix("[::1]") {
        Some("") => ("localhost", None),
        Some(port) => ("localhost", Some(port.strip_prefix(':').ok_or("its URL is none")?)),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    if !is_own(host) {
        return Err(format!("it asks {host}, and the kubelet asks the pod itself"));
    }
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or("its port is no number")?,
        None if https => 443,
        None => 80,
    };
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Request { https, port, path, headers: options.headers, limit: options.limit })
}

/// Whether a host is the pod itself.
fn is_own(host: &str) -> bool {
    host == "localhost" || host == "0.0.0.0" || host.starts_with("127.")
}

/// `nc -z HOST PORT`: whether a connection can be made.
fn connection(words: &[String]) -> Result<Instead, String> {
    let (mut only_asks, mut limit, mut rest) = (false, None, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-z" => only_asks = true,
            "-v" => {}
            "-zv" | "-vz" => only_asks = true,
            "-w" => {
                let seconds = words.next().and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
                limit = Some(seconds.ok_or("its -w is no whole number of seconds")?);
            }
            option if option.starts_with('-') => {
                return Err(format!("its option {option} has no counterpart"));
            }
            _ => rest.push(word.as_str()),
        }
    }
    match rest.as_slice() {
        [host, port] if only_asks && is_own(host) => {
            let port = port.parse().ok().filter(|port| *port > 0).ok_or("its port is no number")?;
            Ok(Instead::Tcp { port, limit })
        }
        [host, _] if only_asks => Err(format!("it asks {host}, and the kubelet asks the pod itself")),
        _ => Err("it talks to the server, and the kubelet only makes a connection".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Instead, String> {
        instead_of(&split_quoted(text).unwrap())
    }

    fn in_shell(text: &str) -> Result<Instead, String> {
        instead_of(&["sh".to_owned(), "-c".to_owned(), text.to_owned()])
    }

    fn http(found: Result<Instead, String>) -> String {
        match found {
            Ok(Instead::Http(request)) => format!("{} {:?}", request.to_value(), request.limit),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn requests_to_the_pod_itself_are_translated() {
        let plain = r#"{"path":"/healthz","port":8080} None"#;
        for text in [
            "curl -f http://localhost:8080/healthz",
            "/usr/bin/curl -fsS -o /dev/null localhost:8080/healthz",
            "curl --fail --silent --output=/dev/null http://127.0.0.1:8080/healthz",
            "curl -sfL -X GET http://0.0.0.0:8080/healthz",
            "curl -f 'http://[::1]:8080/healthz'",
            "wget -qO- http://localhost:8080/healthz",
            "wget -q --spider --tries=1 http://localhost:8080/healthz",
            "wget --no-verbose -t 1 -O /dev/null localhost:8080/healthz",
        ] {
            assert_eq!(http(of(text)), plain, "{text}");
        }
        assert_eq!(http(in_shell("curl -f 'http://localhost:8080/healthz' >/dev/null || exit 1")), plain);
        assert_eq!(http(of("curl -f localhost")), r#"{"path":"/","port":80} None"#);
        assert_eq!(
            http(of("curl -fk https://localhost/a?b=c")),
            r#"{"path":"/a?b=c","port":443,"scheme":"HTTPS"} None"#
        );
        assert_eq!(
            http(of("curl -fm 3 -H 'X-Probe: yes' localhost:1/")),
            r#"{"path":"/","port":1,"httpHeaders":[{"name":"X-Probe","value":"yes"}]} Some(3)"#
        );
    }

    #[test]
    fn what_is_not_exactly_the_same_is_refused() {
        for (text, reason) in [
            ("curl http://localhost/", "without -f"),
            ("curl -f http://other/", "it asks other"),
            ("curl -f https://localhost/", "certificate"),
            ("curl -f -X POST localhost", "POST"),
            ("curl -f --retry 3 localhost", "--retry"),
            ("curl -f -d x localhost", "-d"),
            ("curl -f localhost:http/", "no number"),
            ("curl -f -o /tmp/x localhost", "/tmp/x"),
            ("curl -f a b", "exactly one"),
            ("curl -f -m 0.5 localhost", "whole number"),
            ("wget -q --tries=3 localhost", "failureThreshold"),
            ("wget --post-data=x localhost", "--post-data"),
            ("curl -f ftp://localhost/", "ftp"),
            ("curl -f http://user@localhost/", "none that"),
            ("curl -f 'http://[::1]:80/$(NAME)'", "filled in later"),
            ("cat /tmp/healthy", "cat has no counterpart"),
            ("nc localhost 80", "only makes a connection"),
            ("sleep 1m", "whole number"),
            ("sleep 0", "whole number"),
        ] {
            let refused = of(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
        assert!(in_shell("test -f /tmp/a && curl -f localhost").unwrap_err().contains("only a shell"));
        assert!(in_shell("cat /tmp/healthy").unwrap_err().contains("cat has no"));
        assert!(instead_of(&["sh".to_owned(), "/x.sh".to_owned()]).is_err());
    }

    #[test]
    fn other_commands_are_translated_too() {
        assert_eq!(of("nc -z -w 2 localhost 5432"), Ok(Instead::Tcp { port: 5432, limit: Some(2) }));
        assert_eq!(of("sleep 15"), Ok(Instead::Sleep(15)));
        assert_eq!(in_shell("/bin/sleep 5s"), Ok(Instead::Sleep(5)));
        let words = ["/app", "check"].map(str::to_owned).to_vec();
        assert_eq!(in_shell("exec /app check"), Ok(Instead::Command(words)));
    }
}
