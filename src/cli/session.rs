//! What every command starts from: configuration, rules, terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use crate::config::schema::ScenarioEntry;
use crate::config::{ConfigError, Date, Layers, ScenarioSettings, Settings, nearest};
use crate::engine::render::ChartCache;
use crate::report::{Style, Verbosity, pretty_problem};
use crate::rule::{Catalogue, Selection};

use super::args::{FileArgs, GlobalArgs, RuleArgs, ScenarioArgs};
use super::chart_cache;
use super::exit::Failure;
use super::image_config;
use super::terminal::Terminal;

/// Configuration, rules and terminal.
pub struct Session {
    /// The configuration, flags on top.
    pub settings: Settings,
    /// The rules.
    pub catalogue: Arc<Catalogue>,
    /// Colour and width.
    pub terminal: Terminal,
    /// How much to say.
    pub verbosity: Verbosity,
    /// Where charts lie that others depend on.
    pub chart_caches: Vec<ChartCache>,
}

/// How much flags ask to say.
#[must_use]
pub fn verbosity(global: &GlobalArgs) -> Verbosity {
    match (global.quiet, global.verbose) {
        (0, 0) => Verbosity::Normal,
        (0, _) => Verbosity::Verbose,
        (1, _) => Verbosity::Quiet,
        _ => Verbosity::Silent,
    }
}

fn load(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The folder that a path to check lies in, absolute.
fn folder_of(path: &Path, working: &Path) -> PathBuf {
    let path = working.join(path);
    if path.is_dir() { path } else { path.parent().map_or_else(|| working.to_path_buf(), Path::to_path_buf) }
}

fn layers(global: &GlobalArgs, start: &Path, working: &Path) -> Result<Layers, ConfigError> {
    let (settings, files): (Vec<&String>, Vec<&String>) =
        global.config.iter().partition(|text| text.contains('=') && !Path::new(text).exists());
    let mut layers = match files.as_slice() {
        [] if global.isolated => Layers::default(),
        [] => match nearest(start, &|path| path.exists()) {
            Some(path) => Layers::from_file(&path, None, working, &load)?,
            None => Layers::default(),
        },
        // A file named on the command line speaks of paths from where the command runs.
        [file] => Layers::from_file(&working.join(file), Some(working), working, &load)?,
        [_, second, ..] => {
            let message = "--config names a second file; let one `extend` the other";
            return Err(ConfigError::of_path(second.as_str(), message));
        }
    };
    working.clone_into(&mut layers.working_folder);
    for setting in settings {
        layers.push_setting(setting, working)?;
    }
    Ok(layers)
}

impl Session {
    /// Reads the configuration for a path (the working folder without one).
    ///
    /// # Errors
    /// The configuration is wrong.
    pub fn open(global: &GlobalArgs, path: Option<&Path>) -> Result<Self, Failure> {
        let working = env::current_dir().map_err(|error| Failure::io("working folder", &error))?;
        let stdin = Path::new("-");
        let start = path
            .filter(|path| *path != stdin)
            .map_or_else(|| working.clone(), |path| folder_of(path, &working));
        let (mut settings, catalogue) = Settings::resolve(&layers(global, &start, &working)?)?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        settings.today = Some(Date::from_unix(seconds));
        Ok(Self {
            settings,
            catalogue,
            terminal: Terminal::detect(global.color),
            verbosity: verbosity(global),
            chart_caches: Vec::new(),
        })
    }

    /// Puts the flags about files on top of the configuration.
    ///
    /// # Errors
    /// A values file or a folder of charts is not there.
    pub fn choose_files(&mut self, args: &FileArgs) -> Result<(), Failure> {
        self.chart_caches = chart_cache::open(&args.scenario.chart_cache)?;
        let working = self.settings.working_folder.clone();
        let globs = args.exclude.iter().map(|glob| (working.clone(), glob.clone()));
        self.settings.paths.exclude.extend(globs);
        self.settings.paths.force_exclude |= args.force_exclude;
        self.settings.paths.no_gitignore |= args.no_respect_gitignore;
        if !args.scenario.is_empty() {
            let ScenarioArgs { values, set, set_string, .. } = &args.scenario;
            for path in values {
                fs::metadata(path).map_err(|error| Failure::io(path.to_string_lossy(), &error))?;
            }
            let entry = ScenarioEntry {
                name: "the command line".to_owned(),
                values: values.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
                set: set.clone(),
                set_string: set_string.clone(),
                ..ScenarioEntry::default()
            };
            self.settings.scenarios.push(ScenarioSettings::of_arguments(entry, &working));
        }
        for linked in &self.settings.dockerfiles {
            fs::metadata(&linked.path).map_err(|error| {
                let message = format!("the Dockerfile can not be read: {error}");
                Failure::from(ConfigError::new(&linked.source, linked.span, message))
            })?;
        }
        for argument in &args.images.image_config {
            self.settings.read_images.extend(image_config::images_of(argument)?);
        }
        Ok(())
    }

    /// The rules that flags and configuration choose: those named, else those of the standards, else
    /// those that are on; less those that are excluded or switched off.
    ///
    /// # Errors
    /// An unknown rule, standard or version.
    pub fn choose_rules(&mut self, args: &RuleArgs) -> Result<Selection, Failure> {
        if let Some(version) = &args.kubernetes_version {
            self.settings.kubernetes_version =
                version.parse().map_err(|error| Failure::new(format!("--kubernetes-version: {error}")))?;
        }
        let catalogue = &*self.catalogue;
        let failed = |error: crate::rule::SelectionError| Failure::new(error.to_string());
        let standards = if args.standard.is_empty() { &self.settings.standards } else { &args.standard };
        let mut selection = if args.rule.is_empty() && standards.is_empty() {
            Selection::new(catalogue)
        } else {
            Selection::none(catalogue)
        };
        if args.rule.is_empty() || !args.standard.is_empty() {
            for standard in standards {
                selection.add_standard(catalogue, standard).map_err(failed)?;
            }
        }
        for rule in &args.rule {
            selection.enable(catalogue, rule).map_err(failed)?;
        }
        for rule in &args.exclude_rule {
            selection.disable(catalogue, rule).map_err(failed)?;
        }
        for rule in &self.settings.disabled_rules {
            if !args.rule.contains(rule) {
                selection.disable(catalogue, rule).map_err(failed)?;
            }
        }
        Ok(selection)
    }
}

/// A failure as it is told on standard error.
#[must_use]
pub fn describe(failure: &Failure, style: &Style) -> String {
    match failure {
        Failure::BrokenPipe => String::new(),
        Failure::Config(error) => {
            let text = pretty_problem(&error.to_problem(), style);
            text.replacen("not checked: ", "configuration: ", 1)
        }
        Failure::Message { text, help } => {
            let help = help.as_ref().map(|help| format!("  help: {help}\n")).unwrap_or_default();
            format!("error: {text}\n{help}")
        }
    }
}
