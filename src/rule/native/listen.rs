//! Environment variables that tell a program where to listen, and their values with another port.

/// How the value of a listen variable is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// URLs with semicolons between them: `http://+:80`.
    Urls,
    /// Ports with semicolons between them: `80;81`.
    Ports,
    /// A port.
    Port,
}

/// Variables by their whole name. ASP.NET: its `GenericWebHostService` and the samples of its images;
/// the others from their projects' documentation.
const NAMES: [(&str, Listen); 18] = [
    ("ASPNETCORE_HTTPS_PORTS", Listen::Ports),
    ("ASPNETCORE_HTTP_PORTS", Listen::Ports),
    ("ASPNETCORE_URLS", Listen::Urls),
    ("DOTNET_HTTPS_PORTS", Listen::Ports),
    ("DOTNET_HTTP_PORTS", Listen::Ports),
    ("DOTNET_URLS", Listen::Urls),
    ("FLASK_RUN_PORT", Listen::Port),
    ("GF_SERVER_HTTP_PORT", Listen::Port),
    ("KC_HTTP_PORT", Listen::Port),
    ("MICRONAUT_SERVER_PORT", Listen::Port),
    ("N8N_PORT", Listen::Port),
    ("PGADMIN_LISTEN_PORT", Listen::Port),
    ("PODINFO_PORT", Listen::Port),
    ("PORT", Listen::Port),
    ("QUARKUS_HTTP_PORT", Listen::Port),
    ("SERVER_PORT", Listen::Port),
    ("STREAMLIT_SERVER_PORT", Listen::Port),
    ("WEB_PORT", Listen::Port),
];

impl Listen {
    /// The variable of a name.
    pub fn of(name: &str) -> Option<Self> {
        let known = NAMES.iter().find(|(known, _)| *known == name).map(|(_, listen)| *listen);
        // Bitnami's images: NGINX_HTTP_PORT_NUMBER, APACHE_HTTPS_PORT_NUMBER …
        known.or_else(|| name.ends_with("_PORT_NUMBER").then_some(Self::Port))
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
        assert_eq!(urls("http://+:8080"), None);
        assert_eq!(moved_text(Listen::Ports, "80;81", 80, 8080).as_deref(), Some("8080;81"));
        assert_eq!(moved_text(Listen::Port, "80", 80, 8080).as_deref(), Some("8080"));
        assert_eq!(moved_text(Listen::Port, "8000", 80, 8080), None);
        assert_eq!(Listen::of("NGINX_HTTP_PORT_NUMBER"), Some(Listen::Port));
        assert_eq!(Listen::of("REPORT"), None);
    }
}
