//! [`Program`]: what a program's own sources say that its Dockerfile does not.

/// Calls and keys by which a .NET program, rather than its environment, says where it listens.
const LISTENS: [&str; 6] =
    ["UseUrls(", "ListenAnyIP(", "ListenLocalhost(", ".Listen(", "\"Kestrel\"", "\"Urls\""];

/// The file that `MSBuild` imports into projects below it, in front of what they say themselves. Of several the
/// nearest counts (learn.microsoft.com, "Customize the build by folder").
pub const PROPERTIES: &str = "Directory.Build.props";

/// Sources of a program, as far as they were read.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Names, as they are to be told, and texts.
    pub files: Vec<(String, String)>,
    /// Whether these are all: nothing was too much or could not be read.
    pub whole: bool,
}

impl Program {
    /// The file that says so, where the program `name` is certain to need neither ICU nor time zones: its project
    /// (else the `Directory.Build.props` that is imported into it) says `InvariantGlobalization`, under no
    /// condition, and no source names `TimeZoneInfo`.
    #[must_use]
    pub fn invariant(&self, name: &str) -> Option<&str> {
        if !self.whole || self.file_with(".cs", &["TimeZoneInfo"]).is_some() {
            return None;
        }
        let (path, text) = self.project(name)?;
        let names = |text: &str| text.contains("InvariantGlobalization");
        if self.above(path, "Directory.Build.targets").is_some_and(|(_, text)| names(text)) {
            return None;
        }
        if names(text) || text.contains("DirectoryBuildProps") {
            return says_invariant(text).then_some(path);
        }
        let (path, text) = self.above(path, PROPERTIES)?;
        says_invariant(text).then_some(path)
    }

    /// The nearest file of a name in a project's folder or one above: the one that `MSBuild` imports.
    fn above(&self, project: &str, name: &str) -> Option<(&str, &str)> {
        let mut folder = project;
        while !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if let Some((path, text)) = self.files.iter().find(|(known, _)| *known == path) {
                return Some((path, text));
            }
        }
        None
    }

    /// Path and text of the only project file that makes the program `name`.
    #[must_use]
    pub fn project(&self, name: &str) -> Option<(&str, &str)> {
        let project = |(path, text): &&(String, String)| {
            let stem = path.rsplit('/').next().and_then(|file| file.strip_suffix(".csproj"));
            stem.is_some_and(|stem| stem == name || assembly_name(text).as_deref() == Some(name))
        };
        let mut projects = self.files.iter().filter(project);
        let (path, text) = projects.next().filter(|_| projects.next().is_none())?;
        Some((path.as_str(), text.as_str()))
    }

    /// A source that says where the program listens, so that a variable may not.
    #[must_use]
    pub fn listens_itself(&self) -> Option<&str> {
        self.file_with(".cs", &LISTENS[..4]).or_else(|| self.file_with(".json", &LISTENS[4..]))
    }

    fn file_with(&self, ending: &str, words: &[&str]) -> Option<&str> {
        let found = |(path, text): &&(String, String)| {
            path.ends_with(ending) && words.iter().any(|word| text.contains(word))
        };
        self.files.iter().find(found).map(|(path, _)| path.as_str())
    }
}

/// A project's text without comments.
fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("<!--") {
        kept.push_str(rest.get(..start).unwrap_or(""));
        rest =
            rest.get(start..).and_then(|it| it.find("-->").and_then(|end| it.get(end + 3..))).unwrap_or("");
    }
    kept.push_str(rest);
    kept
}

/// The text of the only element of a name, where neither it nor the group it stands in has a condition.
fn property(text: &str, name: &str) -> Option<String> {
    let text = without_comments(text);
    let open = format!("<{name}");
    let at = text.find(&open)?;
    if text.matches(&open).count() != 1 {
        return None;
    }
    let rest = text.get(at + open.len()..)?;
    let value = rest.strip_prefix('>')?;
    let value = value.get(..value.find(&format!("</{name}>"))?)?;
    let group = text.get(..at)?.rfind("<PropertyGroup")?;
    let group = text.get(group..at)?;
    let group = group.get(..group.find('>')?)?;
    (!group.contains("Condition")).then(|| value.trim().to_owned())
}

fn assembly_name(text: &str) -> Option<String> {
    property(text, "AssemblyName")
}

fn says_invariant(text: &str) -> bool {
    property(text, "InvariantGlobalization").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(files: &[(&str, &str)]) -> Program {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Program { files, whole: true }
    }

    #[test]
    fn invariance_is_taken_from_the_programs_own_project_only() {
        let yes = "<Project><PropertyGroup><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup></Project>";
        let named = program(&[("src/Shop.csproj", yes), ("src/Other.csproj", "<Project/>")]);
        assert_eq!(named.invariant("Shop"), Some("src/Shop.csproj"));
        assert_eq!(named.invariant("Other"), None);
        let own = yes.replace("<Inv", "<AssemblyName>web</AssemblyName><Inv");
        assert_eq!(program(&[("src/Shop.csproj", &own)]).invariant("web"), Some("src/Shop.csproj"));
        for other in [
            yes.replace("<PropertyGroup>", "<PropertyGroup Condition=\"'$(OS)' == 'Unix'\">"),
            yes.replace(">true", ">false"),
            yes.replace("<Inv", "<!-- <Inv").replace("</Prop", " --></Prop"),
            yes.replace("<InvariantGlobalization>", "<InvariantGlobalization Condition=\"x\">"),
        ] {
            assert_eq!(program(&[("Shop.csproj", &other)]).invariant("Shop"), None, "{other}");
        }
        let below = |props: &str, own: &str, targets: &str| {
            let files = [
                ("src/Shop/Shop.csproj", own),
                ("src/Directory.Build.props", props),
                ("Directory.Build.props", yes),
                ("Directory.Build.targets", targets),
            ];
            program(&files).invariant("Shop").map(str::to_owned)
        };
        let no = yes.replace(">true", ">false");
        assert_eq!(below(yes, "<Project/>", "").as_deref(), Some("src/Directory.Build.props"));
        assert_eq!(below("<Project/>", "<Project/>", ""), None, "the nearest one is imported alone");
        assert_eq!(below(yes, &no, ""), None);
        assert_eq!(below(&no, yes, "").as_deref(), Some("src/Shop/Shop.csproj"));
        assert_eq!(below(yes, "<Project/>", &no), None);
        let zones = program(&[("Shop.csproj", yes), ("A.cs", "TimeZoneInfo.FindSystemTimeZoneById(x)")]);
        assert_eq!(zones.invariant("Shop"), None);
        assert_eq!(Program { whole: false, ..named }.invariant("Shop"), None);
    }

    #[test]
    fn sources_may_say_where_the_program_listens() {
        let listens = |path: &str, text: &str| program(&[(path, text)]).listens_itself().is_some();
        assert!(listens("Program.cs", "options.ListenAnyIP(80);"));
        assert!(listens("appsettings.json", "{ \"Kestrel\": {} }"));
        assert!(!listens("Program.cs", "app.Run();") && !listens("readme.md", "UseUrls("));
    }
}
