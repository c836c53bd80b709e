//! What the command line may say. Flags of the same meaning have the same name in every command.

use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::finding::Severity;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

/// Exit codes, as every command's long help says them.
const EXIT_CODES: &str = "Exit codes: 0 all checked, nothing at or above --fail-on; 1 findings; 2 wrong usage, \
configuration or I/O; 3 something was not checked, or there was nothing to check. 2 beats 1 beats 3.";

/// Finds security weaknesses in Kubernetes manifests and Helm charts at their source, and repairs them there
#[derive(Debug, Parser)]
#[command(
    name = "seaworthy",
    bin_name = "seaworthy",
    version,
    styles = STYLES,
    arg_required_else_help = true,
    propagate_version = false,
    after_help = "Each command has its own help: `seaworthy check --help`."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find weaknesses; write nothing
    Check(CheckArgs),
    /// Repair what can be repaired, in place, and print the diff
    Fix(FixArgs),
    /// Render a chart as `helm template` does, and show where its lines come from
    #[command(alias = "template")]
    Render(Box<super::render::RenderArgs>),
    /// Describe a rule or recipe: what it finds, why it matters, what its fix could break
    Explain(ExplainArgs),
    /// List all rules
    Rules(RulesArgs),
    /// Write a seaworthy.toml to start from
    Init(InitArgs),
    /// Print a completion script for a shell
    #[command(visible_alias = "completion")]
    Completions(CompletionsArgs),
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Configuration file to use instead of the nearest seaworthy.toml, or one setting that wins over it
    #[arg(
        long,
        global = true,
        value_name = "FILE|KEY=VALUE",
        env = "SEAWORTHY_CONFIG",
        hide_env_values = true
    )]
    pub config: Vec<String>,
    /// Use no configuration file
    #[arg(long, global = true)]
    pub isolated: bool,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Print findings only; twice: print nothing
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,
    /// Print also what was ignored and every place that was held back
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Show no progress bar
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set; FORCE_COLOR and CLICOLOR_FORCE colour always.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which rules run, and for what.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rule selection")]
pub struct RuleArgs {
    /// Run these rules only
    #[arg(long, value_name = "RULE", value_delimiter = ',', aliases = ["select", "only"])]
    pub rule: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', aliases = ["ignore", "skip"])]
    pub exclude_rule: Vec<String>,
    /// Hold a standard, such as pss:restricted or pss:baseline
    #[arg(long, value_name = "STANDARD", value_delimiter = ',')]
    pub standard: Vec<String>,
    /// Kubernetes version the objects are for, such as 1.33 [default: the newest known]
    #[arg(long, value_name = "VERSION", aliases = ["kube-version", "k8s-version"])]
    pub kubernetes_version: Option<String>,
}

/// Which files are read.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "File selection")]
pub struct FileArgs {
    /// Files and folders, or `-` for standard input [default: .]
    #[arg(value_name = "PATH", help_heading = "Arguments")]
    pub paths: Vec<PathBuf>,
    /// Globs of paths not to read, in the manner of .gitignore
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Leave out excluded and git-ignored files also when they are named on the command line
    #[arg(long)]
    pub force_exclude: bool,
    /// Read files that git ignores
    #[arg(long)]
    pub no_respect_gitignore: bool,
    /// Number of threads [default: one a core]
    #[arg(short = 'j', long, value_name = "N")]
    pub threads: Option<usize>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub scenario: ScenarioArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub images: ImageArgs,
}

/// What is known of images.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Images")]
pub struct ImageArgs {
    /// What an image says of itself: the output of docker inspect, skopeo inspect --config or crane config,
    /// a tar of docker save, or a folder or tar with an OCI image layout; NAME where that does not say which
    /// image it is
    #[arg(long, value_name = "[NAME=]PATH")]
    pub image_config: Vec<String>,
}

/// One more scenario of every chart.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Charts")]
pub struct ScenarioArgs {
    /// Values file of one more scenario of the charts; of several the last one wins
    #[arg(short = 'f', long, value_name = "FILE")]
    pub values: Vec<PathBuf>,
    /// Values of that scenario, as helm --set takes them
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Values that are text, as helm --set-string takes them
    #[arg(long, value_name = "KEY=VALUE")]
    pub set_string: Vec<String>,
    /// Folder of charts that others depend on, packed or not; Helm's own cache is looked through after it
    #[arg(long, value_name = "FOLDER")]
    pub chart_cache: Vec<PathBuf>,
}

impl ScenarioArgs {
    /// Whether it sets anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.set.is_empty() && self.set_string.is_empty()
    }
}

/// How the report is written.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Format of the report: pretty, json, sarif, github, rdjsonl or diff; with =FILE into a file.
    /// May be given several times
    #[arg(
        long,
        value_name = "FORMAT[=FILE]",
        alias = "output-format",
        env = "SEAWORTHY_FORMAT",
        hide_env_values = true
    )]
    pub format: Vec<String>,
    /// File for the report instead of standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        alias = "output-file",
        env = "SEAWORTHY_OUTPUT",
        hide_env_values = true
    )]
    pub output: Option<PathBuf>,
}

/// `check`
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct CheckArgs {
    /// Lowest severity that makes the exit code 1 [default: low]
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOnWord>,
    /// Report also what comments, annotations and [[ignore]] silence
    #[arg(long)]
    pub no_ignores: bool,
    /// Exit with 0 or 1 also when something was not checked or there was nothing to check
    #[arg(long)]
    pub allow_unchecked: bool,
    /// File of known findings: they are left out and do not make the exit code 1
    #[arg(long, value_name = "FILE", conflicts_with = "by")]
    pub baseline: Option<PathBuf>,
    /// Write that file: with all that is found where there is none yet; else take out what is gone
    #[arg(long, requires = "baseline")]
    pub write_baseline: bool,
    /// Report which branches of the charts' templates no scenario reached, instead of findings
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["by", "baseline", "format"]
    )]
    pub coverage: Option<CoverageWord>,
    /// Report the Pod Security level that each namespace could enforce, and what blocks the next
    #[arg(long, value_name = "WHAT")]
    pub by: Option<ByWhat>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub files: FileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub rules: RuleArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// What a report is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ByWhat {
    /// Namespaces and their Pod Security level.
    Namespace,
}

/// How coverage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageWord {
    /// For people.
    Text,
    /// LCOV, for programs.
    Lcov,
}

/// Lowest severity that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOnWord {
    /// Any finding.
    Info,
    /// Low and above.
    Low,
    /// Medium and above.
    Medium,
    /// High and above.
    High,
    /// Critical alone.
    Critical,
    /// Never.
    Never,
}

impl FailOnWord {
    /// The severity; `None` = never.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Never => None,
        }
    }
}

/// `fix`
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 the work is done, also when findings remain; 1 --diff would change something; \
2 wrong usage, configuration or I/O; 3 a file could not be checked (the others are written), or a recipe was \
refused or found nothing that it is about. \
From standard input: always 0, the text is printed fixed or as it was."
)]
pub struct FixArgs {
    /// Print the diff only, write nothing; exit with 1 if anything would change
    #[arg(long)]
    pub diff: bool,
    /// Make also fixes that may need a change of the program or its image
    #[arg(long)]
    pub unsafe_fixes: bool,
    /// Make also what this rule suggests
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub apply_suggestion: Vec<String>,
    /// Where a chart's template has no values key for a field, add one to template and values.yaml
    /// rather than the field to the template
    #[arg(long)]
    pub add_values: bool,
    /// Make a migration as one change, or nothing of it where something would stay behind
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["unsafe_fixes", "apply_suggestion", "stdin_filename", "rule", "exclude_rule", "standard", "bump_chart", "add_values"]
    )]
    pub recipe: Option<String>,
    /// For --recipe: an image and the Dockerfile that makes it, where their names do not tell
    #[arg(long, value_name = "IMAGE=DOCKERFILE", requires = "recipe")]
    pub image: Vec<String>,
    /// For --recipe dotnet-chiseled: raise also the version, in Dockerfiles and the projects they build
    #[arg(long, value_name = "VERSION", requires = "recipe")]
    pub dotnet: Option<String>,
    /// Raise also the version in Chart.yaml of a chart that is changed: 1.2.3 becomes 1.2.4
    #[arg(long, value_name = "PART")]
    pub bump_chart: Option<BumpWord>,
    /// Exit with 1 if anything was fixed
    #[arg(long)]
    pub exit_non_zero_on_fix: bool,
    /// Exit with 3 only for wrong input that was to be fixed, not for what could not be checked
    #[arg(long)]
    pub allow_unchecked: bool,
    /// Report also what comments, annotations and [[ignore]] silence
    #[arg(long)]
    pub no_ignores: bool,
    /// Path that the text on standard input has: print the fixed text (for editors)
    #[arg(long, value_name = "PATH")]
    pub stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub files: FileArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub rules: RuleArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub output: OutputArgs,
}

/// Which part of a version is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BumpWord {
    /// The last number.
    Patch,
}

/// How rules are described.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DescribeFormat {
    /// For a terminal.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Id of the rule, another tool's id for it, or name of a recipe
    pub rule: String,
    /// How to describe it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DescribeFormat,
}

/// `rules`
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// List the recipes of `fix --recipe` instead
    #[arg(long)]
    pub recipes: bool,
    /// How to describe them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DescribeFormat,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder to write to
    #[arg(default_value = ".", value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Print the JSON schema of seaworthy.toml instead
    #[arg(long)]
    pub schema: bool,
}

/// `completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}
