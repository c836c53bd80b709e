//! URLs: `urlParse`, `urlJoin`, and texts escaped for a query.

use core::net::Ipv6Addr;

use super::{derived_text, fail, fixed};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::value::{Kind, Map, Node, Value};
use crate::template::quote;

pub(super) const TABLE: &[Function] = &[
    fixed("getHostByName", &[Type::String], |exec, args| derived_text(exec, args, "")),
    fixed("urlJoin", &[Type::Map], join),
    fixed("urlParse", &[Type::String], parse),
];

/// A part of a URL, by what need not be escaped in it beside letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

impl Part {
    fn allows(self, byte: u8) -> bool {
        let marks: &[u8] = match self {
            Self::Path => b"$&+,-./:;=@_~",
            Self::Host | Self::Zone => b"!\"$&'()*+,-.:;<=>[]_~",
            Self::User => b"$&+,-.;=_~",
            Self::Fragment => b"!$&()*+,-./:;=?@_~",
        };
        byte.is_ascii_alphanumeric() || marks.contains(&byte)
    }
}

fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    for &byte in text {
        if part.allows(byte) {
            output.push(byte);
        } else {
            output.extend(format!("%{byte:02X}").into_bytes());
        }
    }
    output
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut output = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let bad = |length: usize| {
            let shown = rest.get(..length.min(rest.len())).unwrap_or(rest);
            Err(format!("invalid URL escape {}", quote(shown)))
        };
        if rest[0] == b'%' {
            let Some(byte) = hex_pair(rest) else { return bad(3) };
            let percent = rest.starts_with(b"%25");
            // In a host only what is not ASCII may be escaped, and a percent sign.
            if part == Part::Host && byte < 0x80 && !percent {
                return bad(3);
            }
            if part == Part::Zone && !percent && byte != b' ' && !Part::Host.allows(byte) {
                return bad(3);
            }
            output.push(byte);
            at += 3;
        } else {
            if matches!(part, Part::Host | Part::Zone) && rest[0] < 0x80 && !part.allows(rest[0]) {
                return Err(format!("invalid character {} in host name", quote(&rest[..1])));
            }
            output.push(rest[0]);
            at += 1;
        }
    }
    Ok(output)
}

/// A URL taken apart; parts are unescaped but for the query.
#[derive(Debug, Default)]
struct Url {
    scheme: Vec<u8>,
    opaque: Vec<u8>,
    /// User name and, if there is one, password.
    user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    host: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

fn cut(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|byte| *byte == mark) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn scheme(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", text))
}

fn is_optional_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

impl Url {
    fn new(text: &[u8]) -> Result<Self, String> {
        let (body, fragment) = cut(text, b'#');
        let parse_error = |text: &[u8], message: String| format!("parse {}: {message}", quote(text));
        let mut url = Self::without_fragment(body).map_err(|message| parse_error(body, message))?;
        if let Some(fragment) = fragment {
            url.fragment =
                unescape(fragment, Part::Fragment).map_err(|message| parse_error(text, message))?;
        }
        Ok(url)
    }

    fn without_fragment(text: &[u8]) -> Result<Self, String> {
        if text.iter().any(|byte| *byte < b' ' || *byte == 0x7F) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == b"*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (name, rest) = scheme(text)?;
        url.scheme = name.to_ascii_lowercase();
        let (rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if rest.first() != Some(&b'/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let mut path = rest;
        let authority =
            rest.strip_prefix(b"//").filter(|_| !url.scheme.is_empty() || !rest.starts_with(b"///"));
        if let Some(authority) = authority {
            let end = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
            path = &authority[end..];
            url.set_authority(&authority[..end])?;
        }
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn set_authority(&mut self, text: &[u8]) -> Result<(), String> {
        let Some(at) = text.iter().rposition(|byte| *byte == b'@') else {
            self.host = self.host_of(text)?;
            return Ok(());
        };
        self.host = self.host_of(&text[at + 1..])?;
        let info = &text[..at];
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !info.iter().all(allowed) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = cut(info, b':');
        let password = password.map(|password| unescape(password, Part::User));
        self.user = Some((unescape(name, Part::User)?, password.transpose()?));
        Ok(())
    }

    fn host_of(&self, host: &[u8]) -> Result<Vec<u8>, String> {
        let bad_port = |port: &[u8]| Err(format!("invalid port {} after host", quote(port)));
        match host.iter().rposition(|byte| *byte == b'[') {
            Some(0) => {
                let Some(close) = host.iter().rposition(|byte| *byte == b']') else {
                    return Err("missing ']' in host".to_owned());
                };
                let port = &host[close + 1..];
                if !is_optional_port(port) {
                    return bad_port(port);
                }
                let inner = &host[1..close];
                let zone = inner.windows(3).position(|three| three == b"%25").unwrap_or(inner.len());
                let mut address = unescape(&inner[..zone], Part::Host)?;
                let plain = std::str::from_utf8(&address).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
                if plain.is_none() {
                    let shown = quote(&address);
                    return Err(format!("invalid host: ParseAddr({shown}): unable to parse IP"));
                }
                address.extend(unescape(&inner[zone..], Part::Zone)?);
                return Ok([b"[", address.as_slice(), b"]", port].concat());
            }
            Some(_) => return Err("invalid IP-literal".to_owned()),
            None => {}
        }
        let strict = self.scheme == b"http" || self.scheme == b"https";
        let colon = if strict {
            host.iter().position(|byte| *byte == b':')
        } else {
            host.iter().rposition(|byte| *byte == b':')
        };
        if let Some(colon) = colon
            && !is_optional_port(&host[colon..])
        {
            return bad_port(&host[colon..]);
        }
        unescape(host, Part::Host)
    }

    /// The host without port and brackets.
    fn hostname(&self) -> &[u8] {
        let colon = self.host.iter().rposition(|byte| *byte == b':');
        let host = match colon {
            Some(colon) if is_optional_port(&self.host[colon..]) => &self.host[..colon],
            _ => &self.host,
        };
        host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
    }

    fn userinfo(&self) -> Vec<u8> {
        let Some((name, password)) = &self.user else { return Vec::new() };
        let mut text = escape(name, Part::User);
        if let Some(password) = password {
            text.push(b':');
            text.extend(escape(password, Part::User));
        }
        text
    }

    fn to_text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if !self.scheme.is_empty() {
            text.extend_from_slice(&self.scheme);
            text.push(b':');
        }
        if self.opaque.is_empty() {
            if !(self.host.is_empty() && self.user.is_none())
                || !self.scheme.is_empty() && !self.path.is_empty()
            {
                text.extend_from_slice(b"//");
            }
            if self.user.is_some() {
                text.extend(self.userinfo());
                text.push(b'@');
            }
            text.extend(escape(&self.host, Part::Host));
            let path = if self.path == b"*" { self.path.clone() } else { escape(&self.path, Part::Path) };
            if !self.host.is_empty() && path.first().is_some_and(|byte| *byte != b'/') {
                text.push(b'/');
            }
            if text.is_empty() && cut(&path, b'/').0.contains(&b':') {
                text.extend_from_slice(b"./");
            }
            text.extend(path);
        } else {
            text.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            text.push(b'?');
            text.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            text.push(b'#');
            text.extend(escape(&self.fragment, Part::Fragment));
        }
        text
    }
}

fn parse(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    exec.charge_bytes(text.len())?;
    let url = match Url::new(text.as_bytes()) {
        Ok(url) => url,
        Err(message) => return fail(format!("unable to parse url: {message}")),
    };
    let origin = exec.derive(args.all());
    let map = Map::new();
    let userinfo = url.userinfo();
    let parts: [(&str, &[u8]); 8] = [
        ("scheme", &url.scheme),
        ("host", &url.host),
        ("hostname", url.hostname()),
        ("path", &url.path),
        ("query", &url.query),
        ("opaque", &url.opaque),
        ("fragment", &url.fragment),
        ("userinfo", &userinfo),
    ];
    for (key, part) in parts {
        map.insert(key.as_bytes(), origin, Node::from(Str::whole(part, origin)));
    }
    Ok(Node::new(map, origin))
}

fn join(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let map = args.map(0);
    let part = |key: &str| -> Result<Vec<u8>, FunctionError> {
        match map.get(key.as_bytes()) {
            None => Ok(Vec::new()),
            Some(node) => match node.value {
                Value::Str(text) => Ok(text.as_bytes().to_vec()),
                Value::Nil => super::nil_dereference(),
                value => {
                    let kind: Kind = value.kind();
                    fail(format!(
                        "unable to parse {key} key, must be of type string, but {} found",
                        kind.as_str()
                    ))
                }
            },
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        user: None,
    };
    let userinfo = part("userinfo")?;
    if !userinfo.is_empty() {
        match Url::new(&[b"proto://", userinfo.as_slice(), b"@host"].concat()) {
            Ok(parsed) => url.user = parsed.user,
            Err(message) => return fail(format!("unable to parse userinfo in dict: {message}")),
        }
    }
    derived_text(exec, args, url.to_text())
}
