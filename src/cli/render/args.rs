//! The flags of `render`: those of `helm template`, and ours.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::exit::Failure;
use crate::engine::render::{PrintOptions, ValuesSetter};

/// Render a chart as `helm template` does, and show where its lines come from
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 rendered; 1 the chart does not render, with helm's error on standard error; \
2 wrong usage, or reading or writing failed."
)]
pub struct RenderArgs {
    /// Name of the release (`release-name` if left out), and the chart: a folder or a .tgz
    #[arg(value_name = "[NAME] CHART", required = true, num_args = 1..=2)]
    pub positional: Vec<String>,

    /// Values files, comma-separated or repeated; later ones win (`-` is standard input)
    #[arg(short = 'f', long, value_name = "FILE", value_delimiter = ',', help_heading = "Values")]
    pub values: Vec<String>,
    /// Set values: `a.b=1,list[0]=x`
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Values")]
    pub set: Vec<String>,
    /// Set values that are strings, whatever they look like
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Values")]
    pub set_string: Vec<String>,
    /// Set values from the content of files
    #[arg(long, value_name = "KEY=FILE", help_heading = "Values")]
    pub set_file: Vec<String>,
    /// Set values from JSON
    #[arg(long, value_name = "KEY=JSON", help_heading = "Values")]
    pub set_json: Vec<String>,
    /// Set one value to a text as it stands
    #[arg(long, value_name = "KEY=TEXT", help_heading = "Values")]
    pub set_literal: Vec<String>,
    /// Do not check values against values.schema.json
    #[arg(long, help_heading = "Values")]
    pub skip_schema_validation: bool,

    /// Namespace of the release
    #[arg(short, long, value_name = "NAMESPACE", help_heading = "Release")]
    pub namespace: Option<String>,
    /// Render an upgrade instead of an installation
    #[arg(long, help_heading = "Release")]
    pub is_upgrade: bool,
    /// Version of Kubernetes that the chart sees
    #[arg(long, value_name = "VERSION", help_heading = "Release")]
    pub kube_version: Option<String>,
    /// API versions that the chart sees beyond the built-in ones, comma-separated or repeated
    #[arg(short, long, value_name = "API", value_delimiter = ',', help_heading = "Release")]
    pub api_versions: Vec<String>,
    /// Start of random values, to get the same ones again
    #[arg(long, value_name = "NUMBER", help_heading = "Release")]
    pub seed: Option<u64>,

    /// Show only what these templates print; patterns are allowed
    #[arg(short, long, value_name = "TEMPLATE", help_heading = "Output")]
    pub show_only: Vec<String>,
    /// Write files below a folder instead of printing
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub output_dir: Option<PathBuf>,
    /// Put the release's name into the path below --output-dir
    #[arg(long, help_heading = "Output")]
    pub release_name: bool,
    /// Print the files of crds/ too
    #[arg(long, help_heading = "Output")]
    pub include_crds: bool,
    /// Leave out tests
    #[arg(long, help_heading = "Output")]
    pub skip_tests: bool,
    /// Leave out hooks
    #[arg(long, help_heading = "Output")]
    pub no_hooks: bool,

    /// Show where each line comes from: template line, calls, values file and key, files it wins over
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "table",
        help_heading = "Origins"
    )]
    pub origins: Option<OriginsFormat>,
    /// Say why something is not printed, or is: `templates/x.yaml:12`, `Deployment/web:spec.replicas`, `image.tag`
    #[arg(long, value_name = "WHAT", help_heading = "Origins")]
    pub why: Vec<String>,
    /// Show what changed since a git revision, each line with its cause
    #[arg(long, value_name = "REVISION", help_heading = "Origins")]
    pub diff: Option<String>,
    /// Show what these values files would change on top of those given
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        conflicts_with = "diff",
        help_heading = "Origins"
    )]
    pub diff_values: Vec<String>,
    /// Folder of charts that others depend on, packed or not; Helm's own cache is looked through after it
    #[arg(long, value_name = "FOLDER", help_heading = "Dependencies")]
    pub chart_cache: Vec<PathBuf>,
}

/// How origins are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OriginsFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

impl RenderArgs {
    /// The release's name, if it is given, and the chart.
    ///
    /// # Errors
    /// There is no chart.
    pub fn name_and_chart(&self) -> Result<(Option<&str>, &str), Failure> {
        match self.positional.as_slice() {
            [chart] => Ok((None, chart)),
            [name, chart] => Ok((Some(name), chart)),
            _ => Err(Failure::new("name a chart")),
        }
    }

    /// What is printed.
    #[must_use]
    pub fn print_options(&self) -> PrintOptions {
        let Self { include_crds, skip_tests, no_hooks, .. } = *self;
        PrintOptions { include_crds, skip_tests, no_hooks }
    }

    /// All arguments that set values.
    pub fn setters(&self) -> impl Iterator<Item = (ValuesSetter, &String)> {
        let kinds = [
            (ValuesSetter::Json, &self.set_json),
            (ValuesSetter::Value, &self.set),
            (ValuesSetter::String, &self.set_string),
            (ValuesSetter::File, &self.set_file),
            (ValuesSetter::Literal, &self.set_literal),
        ];
        kinds.into_iter().flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text)))
    }
}
