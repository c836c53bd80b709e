//! Paths that a container's own command writes to.

use crate::resource::Container;
use crate::rule::frame::Frame;

use super::called_program::texts;

/// Programs that make all the files that they name.
const MAKERS: [&str; 4] = ["mkdir", "mkfifo", "tee", "touch"];

/// Programs that write to the last path that they name.
const COPIERS: [&str; 4] = ["cp", "install", "ln", "mv"];

/// Programs that unpack into the system's folders.
const INSTALLERS: [&str; 5] = ["apk", "apt-get", "dnf", "microdnf", "yum"];

/// What ends a simple command of a shell.
const ENDS: [char; 8] = [';', '|', '&', '\n', '(', ')', '{', '}'];

/// The first absolute path outside of `mounted` that the command of a container writes to, or the folder of an
/// installer that it calls: only what a shell script spells out is seen.
pub fn written_path(
    frame: &Frame<'_>,
    container: &Container,
    mounted: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let texts = texts(frame.tree(), container);
    // A program's arguments are one command of its own.
    let plain = texts.iter().all(|text| !text.contains(char::is_whitespace)).then(|| texts.join(" "));
    let free = |path: &String| {
        let kernel = ["/dev/", "/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder));
        !kernel && !mounted(path)
    };
    plain.iter().chain(&texts).flat_map(|text| written(text)).find(free)
}

fn written(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for command in text.split(ENDS) {
        let (words, targets) = words(command);
        found.extend(targets);
        let program = words.iter().position(|word| !word.contains('='));
        let Some((program, arguments)) = program.and_then(|at| words.get(at..)).and_then(<[_]>::split_first)
        else {
            continue;
        };
        let name = program.rsplit('/').next().unwrap_or(program);
        let paths = || arguments.iter().filter(|it| !it.starts_with('-')).cloned();
        if INSTALLERS.contains(&name) && arguments.iter().any(|it| matches!(&**it, "add" | "install")) {
            found.push("/usr".to_owned());
        } else if MAKERS.contains(&name) {
            found.extend(paths());
        } else if COPIERS.contains(&name) {
            found.extend(paths().next_back().filter(|_| paths().count() > 1));
        }
    }
    found.retain(|path| path.starts_with('/') && path.len() > 1);
    found
}

/// The words of a simple command, without quotes, and the files that its output goes to.
fn words(command: &str) -> (Vec<String>, Vec<String>) {
    let (mut words, mut targets) = (Vec::new(), Vec::new());
    let spaced = command.replace(">>", ">").replace('>', " > ");
    let mut redirected = false;
    for word in spaced.split_whitespace() {
        let word = word.trim_matches(['"', '\'']);
        match word {
            ">" => redirected = true,
            _ if redirected => {
                redirected = false;
                targets.push(word.to_owned());
            }
            // Numbers of streams in front of `>` are no words that matter.
            _ => words.push(word.to_owned()),
        }
    }
    (words, targets)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn what_a_script_writes_to_is_told_from_what_it_reads() {
        let cases: &[(&str, &[&str])] = &[
            ("set -e\ncat /a/b > /etc/app.conf; exec app", &["/etc/app.conf"]),
            ("echo x >>/var/log/x 2>&1", &["/var/log/x"]),
            ("mkdir -p /data/a /data/b && chown 1 /data", &["/data/a", "/data/b"]),
            ("cp -r /src/. \"/dst/\"", &["/dst/"]),
            ("ln -s /a /b || true", &["/b"]),
            ("A=1 touch /x/$NAME", &["/x/$NAME"]),
            ("apk add --no-cache curl", &["/usr"]),
            ("cat /etc/passwd | grep root", &[]),
            ("echo 'a -> b'", &[]),
            ("test 5 -gt 4 && ls /etc > relative", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(written(text), *expected, "{text}");
        }
    }
}
