//! Texts that call a port of their own pod.

/// Whether a text calls a port of the pod itself: `localhost:80`, and `http://localhost` where that is port 80.
pub fn calls_within(text: &str, port: i64) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].into_iter().any(|host| {
        text.match_indices(host).any(|(at, _)| {
            let rest = text.get(at + host.len()..).unwrap_or("");
            match rest.strip_prefix(':') {
                Some(rest) => {
                    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                    rest.get(..end).and_then(|number| number.parse().ok()) == Some(port)
                }
                None => port == 80 && text.get(..at).is_some_and(|front| front.ends_with("http://")),
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_a_port_are_told_from_those_of_others() {
        for text in ["curl localhost:80", "wget http://127.0.0.1/x", "--upstream=http://[::1]:80/"] {
            assert!(calls_within(text, 80), "{text}");
        }
        for text in ["curl localhost:8080", "curl https://localhost/", "curl http://web:80/", "localhost"] {
            assert!(!calls_within(text, 80), "{text}");
        }
        assert!(calls_within("http://localhost:443", 443) && !calls_within("http://localhost", 443));
    }
}
