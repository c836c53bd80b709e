//! [`Build`]: a Dockerfile with what is known of its base.

use crate::dockerfile::{Base, Chain, Command, Dockerfile, Instruction, Keyword, Word};
use crate::resource::{Confidence, ImageFact, ImageReference, ImageUser, Images};

use super::Program;

/// A Dockerfile, seen from the image that it makes.
pub struct Build<'a> {
    /// The stages of that image.
    pub chain: Chain<'a>,
    /// What is known of the base.
    pub fact: Option<ImageFact<'a>>,
    /// Reads the sources of the program that is built, where that can be done.
    pub program: Option<&'a dyn Fn() -> Program>,
}

/// The user of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// Root, or uid 0.
    Root,
    /// A number.
    Uid(i64),
    /// A name, with its uid and whether that is certain.
    Named(String, Option<(i64, bool)>),
    /// Not known.
    Unknown,
}

/// A user that a `RUN` makes.
struct Created {
    name: String,
    uid: Option<i64>,
    /// Whether it is made in any case.
    certain: bool,
}

/// A command of a `RUN`.
struct Step {
    words: Vec<String>,
    /// Whether its script decides whether it is run.
    conditional: bool,
}

impl<'a> Build<'a> {
    /// Looks up the base.
    pub fn new(file: &'a Dockerfile, images: &'a Images) -> Self {
        let chain = file.chain();
        let fact = match &chain.base {
            Base::Image(name) => ImageReference::parse(name).and_then(|name| images.find(&name)),
            Base::Scratch | Base::Unknown => None,
        };
        Self { chain, fact, program: None }
    }

    /// What the base is called.
    pub fn base_name(&self) -> &str {
        match &self.chain.base {
            Base::Image(name) => name,
            Base::Scratch => "scratch",
            Base::Unknown => "the base",
        }
    }

    /// Whether it is an image for Windows, where users have names only.
    pub fn is_windows(&self) -> bool {
        let base = self.base_name().to_ascii_lowercase();
        self.chain.file().escape() == '`'
            || ["windows", "nanoserver", "servercore"].iter().any(|word| base.contains(word))
    }

    /// Whether something is started in the image: a stage without it may only hold files.
    pub fn is_run(&self) -> bool {
        let starts = |it: &Instruction| matches!(it.keyword, Keyword::Cmd | Keyword::Entrypoint);
        self.chain.base != Base::Scratch || self.chain.instructions().any(|(_, it)| starts(it))
    }

    /// An instruction.
    pub fn instruction(&self, at: usize) -> Option<&'a Instruction> {
        self.chain.file().instructions().get(at)
    }

    /// What a word means where the base's variables are known as far as they are.
    pub fn expand(&self, at: usize, word: &Word) -> Option<String> {
        let of_base = |name: &str| self.fact.as_ref()?.row.env.get(name).cloned();
        self.chain.expand(at, word, &of_base)
    }

    /// The last `USER` and whom it means.
    pub fn written_user(&self) -> Option<(usize, &'a Instruction, User)> {
        let (at, instruction) = self.chain.last(Keyword::User)?;
        let user = instruction.words.first().and_then(|word| self.expand(at, word));
        let user = user.map_or(User::Unknown, |text| self.user_of(&text));
        Some((at, instruction, user))
    }

    fn user_of(&self, text: &str) -> User {
        let name = text.split(':').next().unwrap_or("").trim();
        match name.parse::<i64>() {
            Ok(0) => User::Root,
            Ok(uid) if uid > 0 => User::Uid(uid),
            _ if name == "root" => User::Root,
            _ if name.is_empty() => User::Unknown,
            _ => User::Named(name.to_owned(), self.uid_of(name)),
        }
    }

    /// The uid of a name: what the stage's own commands say, else what is known of the base.
    fn uid_of(&self, name: &str) -> Option<(i64, bool)> {
        if self.runs_word("usermod") || self.copies_to("/etc/passwd") {
            return None;
        }
        let created = self.created();
        if let Some(user) = created.iter().rev().find(|user| user.name == name) {
            return user.uid.map(|uid| (uid, user.certain));
        }
        let fact = self.fact.as_ref()?;
        fact.uid_of(name).map(|uid| (uid, fact.is_reliable()))
    }

    /// The user of the base, as far as it is known.
    pub fn base_user(&self) -> User {
        let known = self
            .fact
            .as_ref()
            .filter(|fact| fact.row.user_is_read || fact.row.confidence != Confidence::Inferred);
        match (&self.chain.base, known.map(ImageFact::user)) {
            (Base::Scratch, _) | (_, Some(ImageUser::Root)) => User::Root,
            (_, Some(ImageUser::Uid(uid))) => User::Uid(uid),
            (_, Some(ImageUser::Named(name, uid))) => {
                User::Named(name.to_owned(), uid.map(|uid| (uid, false)))
            }
            _ => User::Unknown,
        }
    }

    /// A user other than root that the image knows: the only one that is made, else one of the base.
    pub fn non_root_uid(&self) -> Option<i64> {
        match self.created().as_slice() {
            [user] => user.uid.filter(|&uid| uid > 0),
            [] => self.fact.as_ref()?.non_root_user().map(|(uid, _)| uid),
            _ => None,
        }
    }

    /// A uid as it is written in `USER`.
    pub fn written(&self, uid: i64) -> String {
        let number = uid.to_string();
        let env = self.fact.as_ref().map(|fact| &fact.row.env);
        let of_base = env.into_iter().flatten();
        let same = |(name, value): &(&String, &String)| name.ends_with("UID") && **value == number;
        let name = of_base.into_iter().find(same).map(|(name, _)| name);
        // A stage that gives the variable another value means that.
        let own = |name: &String| self.chain.instructions().any(|(_, it)| it.names.contains(name));
        name.filter(|name| !own(name)).map_or(number, |name| format!("${name}"))
    }

    /// Where `USER` belongs: before the command, unless something is still built behind it.
    pub fn place_for_user(&self) -> usize {
        let Some(stage) = self.chain.last_stage() else { return 0 };
        let of = |at: usize| self.instruction(at).map(|it| it.keyword);
        let builds = |at: &usize| {
            use Keyword::{Add, Copy, Run, Shell, User, Workdir};
            of(*at).is_some_and(|keyword| [Add, Copy, Run, Shell, User, Workdir].contains(&keyword))
        };
        let start = (stage.from..stage.end).rfind(builds).map_or(stage.from + 1, |last| last + 1);
        let command = |at: &usize| matches!(of(*at), Some(Keyword::Cmd | Keyword::Entrypoint));
        (start..stage.end).find(command).unwrap_or(stage.end)
    }

    /// The shell text of a `RUN`, here-documents included.
    fn script(&self, instruction: &Instruction) -> String {
        let mut text = match &instruction.command {
            Some(Command::Shell(text)) => text.clone(),
            Some(Command::Exec(words)) => words.join(" "),
            None => String::new(),
        };
        for span in &instruction.documents {
            text.push('\n');
            text.push_str(self.chain.file().source().slice(*span));
        }
        text
    }

    /// The commands that `RUN`s of the image hold.
    fn commands(&self) -> Vec<Step> {
        const DECIDES: [&str; 5] = ["if", "case", "for", "while", "until"];
        let mut commands = Vec::new();
        for (_, run) in self.chain.instructions().filter(|(_, it)| it.keyword == Keyword::Run) {
            let script = self.script(run);
            let parts = script.split([';', '&', '|', '\n', '(', ')']);
            let words = |part: &str| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let steps: Vec<Vec<String>> = parts.map(words).filter(|words| !words.is_empty()).collect();
            let decides =
                |words: &Vec<String>| words.first().is_some_and(|it| DECIDES.contains(&it.as_str()));
            let conditional = script.contains("||") || steps.iter().any(decides);
            commands.extend(steps.into_iter().map(|words| Step { words, conditional }));
        }
        commands
    }

    /// Whether a `RUN` names a program.
    pub fn runs_word(&self, name: &str) -> bool {
        let is = |word: &String| word.rsplit('/').next() == Some(name);
        self.commands().iter().flat_map(|step| &step.words).any(is)
    }

    /// Whether a `COPY` or `ADD` has this destination.
    fn copies_to(&self, path: &str) -> bool {
        self.chain.instructions().any(|(_, it)| {
            matches!(it.keyword, Keyword::Copy | Keyword::Add)
                && it.words.last().is_some_and(|word| word.text.trim_matches('"') == path)
        })
    }

    /// Users that `useradd` and `adduser` make.
    fn created(&self) -> Vec<Created> {
        let mut created = Vec::new();
        for Step { words, conditional } in self.commands() {
            let program =
                words.iter().position(|word| matches!(word.rsplit('/').next(), Some("useradd" | "adduser")));
            let Some(at) = program else { continue };
            let user = words.get(at + 1..).and_then(created_by);
            created.extend(user.map(|user| Created { certain: !conditional, ..user }));
        }
        created
    }
}

/// Options of `useradd` and `adduser` without a value.
const SWITCHES: [&str; 21] = [
    "-D",
    "-H",
    "-M",
    "-N",
    "-S",
    "-U",
    "-l",
    "-m",
    "-o",
    "-r",
    "--create-home",
    "--disabled-login",
    "--disabled-password",
    "--no-create-home",
    "--no-log-init",
    "--no-user-group",
    "--non-unique",
    "--quiet",
    "--system",
    "--user-group",
    "--allow-bad-names",
];

/// The user that the words behind `useradd` or `adduser` make; `None` where an option is not known.
fn created_by(words: &[String]) -> Option<Created> {
    let (mut uid, mut names) = (None, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        // Redirections end what is of interest.
        if word.contains(['>', '<', '#']) {
            break;
        }
        if !word.starts_with('-') {
            names.push(word.trim_matches(['"', '\'']).to_owned());
            continue;
        }
        let (option, value) = word.split_once('=').map_or((word.as_str(), None), |(a, b)| (a, Some(b)));
        // Letters may stand together: -DH, -ru 1001.
        let letters = option.strip_prefix('-').filter(|it| !it.starts_with('-') && it.len() > 1);
        let last = letters.map(|it| format!("-{}", it.chars().next_back().unwrap_or(' ')));
        let option = last.as_deref().unwrap_or(option);
        if SWITCHES.contains(&option) {
            continue;
        }
        let value = match value {
            Some(value) => value.to_owned(),
            None => words.next()?.clone(),
        };
        if matches!(option, "-u" | "--uid") {
            uid = Some(value.parse().ok());
        }
    }
    // `adduser USER GROUP` puts a user into a group.
    let name = names.into_iter().next()?;
    (!name.contains('$')).then(|| Created { name, uid: uid.flatten(), certain: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_from_the_commands_that_make_them() {
        let made = |text: &str| {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            created_by(&words).map(|user| (user.name, user.uid))
        };
        let user = |name: &str, uid| Some((name.to_owned(), uid));
        assert_eq!(made("-u 1001 app"), user("app", Some(1001)));
        assert_eq!(made("--uid=1001 --system --gid 5 app"), user("app", Some(1001)));
        assert_eq!(made("-S -D -H -G app -s /sbin/nologin app"), user("app", None));
        assert_eq!(made("-DH -u 7 app"), user("app", Some(7)));
        assert_eq!(made("-rmu 7 app"), user("app", Some(7)));
        assert_eq!(made("app"), user("app", None));
        assert_eq!(made("-u $UID app"), user("app", None));
        assert_eq!(made("-u 5 $NAME"), None);
        assert_eq!(made("-u 5"), None);
    }
}
