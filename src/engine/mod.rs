//! Layer 10: the engine, front door of the analysis.
//!
//! [`Engine::analyze`] tells what is wrong, [`Engine::repair`] what would mend it together with the
//! proof, [`Engine::fix_text`] does both for one text. Front ends (command line, editor, bots) need
//! nothing below.

mod around;
mod baseline;
mod built;
mod chart;
mod coverage;
mod dockerfile;
mod folders;
mod installs;
mod judge;
mod levels;
mod linked;
mod locate;
mod merge;
mod outcome;
mod peer_ignore;
mod preview;
mod recipe;
pub mod render;
mod repair;
mod run;
mod second;
mod suppress;
mod threads;
mod upgrade;
mod values;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use baseline::{Baseline, BaselineCounts};
pub use coverage::{BodyCoverage, ChartCoverage, Coverage, FileCoverage, Share};
pub use levels::Levels;
pub use outcome::{
    Analysis, Counts, FixOutcome, FixedText, Ignored, IgnoredBy, Outcome, Repair, Selection, Tally,
};
pub use preview::{Previewed, Previews};
pub use recipe::{Migration, RecipeRequest};
pub use threads::limit_threads;
pub use verify::{Verified, VerifiedFile};

use installs::Installs;

use crate::config::Settings;
use crate::finding::Applicability;
use crate::helm::cache::ChartCache;
use crate::helm::load::LoadOptions;
use crate::helm::parsed::ParsedTemplates;
use crate::project::{ChartFolder, InputFile, Project, Role};
use crate::resource::{Document, Images, Kinds, KindsError};
use crate::rule::{self, Catalogue, Target};
use crate::source::Limits;

/// Called once for every file that is done.
pub type Progress = dyn Fn() + Send + Sync;

/// See [`Target::enough`].
type Enough = dyn Fn(&str, Applicability) -> bool + Send + Sync;

/// Rules, facts and settings, ready to judge. Cheap to share between threads.
#[derive(Clone)]
pub struct Engine {
    catalogue: Arc<Catalogue>,
    rules: rule::Selection,
    settings: Settings,
    kinds: Kinds,
    images: Images,
    limits: Limits,
    /// Rule ids by what another tool calls them: tool, its id in lower case.
    peers: HashMap<(&'static str, String), Vec<Arc<str>>>,
    progress: Option<Arc<Progress>>,
    /// Images that rules on objects are limited to.
    only: Option<Images>,
    /// Whether repairs of findings in manifests are looked for.
    repairs: bool,
    /// Which repairs of findings in manifests make further ones needless.
    enough: Arc<Enough>,
    /// Whether findings of charts get the edits of their fixes.
    chart_edits: bool,
    /// Whether what the fixes of a place come to is worked out while its file is judged.
    previews: bool,
    /// Resources of the project that install its charts.
    installs: Installs,
    /// Where charts lie that others depend on.
    chart_caches: Arc<[ChartCache]>,
    /// Templates of all its charts.
    parsed: Arc<ParsedTemplates>,
}

impl Engine {
    /// An engine that runs the selected rules of a catalogue under these settings.
    ///
    /// # Errors
    /// A kind of the settings has a path that is none.
    pub fn new(
        catalogue: Arc<Catalogue>,
        rules: rule::Selection,
        settings: Settings,
    ) -> Result<Self, KindsError> {
        let mut kinds = Kinds::shipped().clone();
        kinds.extend(&settings.kinds)?;
        let images = Images::with_user_rows(settings.images.clone()).with_read(&settings.read_images);
        let peers = peer_ignore::index(&catalogue);
        let limits = Limits::default();
        Ok(Self {
            catalogue,
            rules,
            settings,
            kinds,
            images,
            limits,
            parsed: Arc::default(),
            peers,
            progress: None,
            chart_edits: false,
            previews: false,
            installs: Installs::default(),
            chart_caches: Arc::new([]),
            only: None,
            repairs: true,
            enough: Arc::new(|_, _| false),
        })
    }

    /// The same engine that knows what the Dockerfiles of a project tell of the images they make.
    #[must_use]
    pub fn with_images_of(mut self, project: &Project) -> Self {
        let linked = built::linked(&self);
        if !linked.is_empty() {
            let mut rows = self.settings.images.clone();
            rows.extend(linked);
            self.images = Images::with_user_rows(rows).with_read(&self.settings.read_images);
        }
        let rows = built::rows(&self, project);
        if !rows.is_empty() {
            self.images = self.images.with_fallback(rows);
        }
        self
    }

    /// The same engine that renders charts of a project also as its resources install them.
    #[must_use]
    pub fn with_installs_of(mut self, project: &Project) -> Self {
        self.installs = Installs::of(&self, project);
        self
    }

    /// The same engine with other bounds on its input.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same engine that looks in these folders for charts that others depend on.
    #[must_use]
    pub fn with_chart_caches(mut self, caches: Vec<ChartCache>) -> Self {
        self.chart_caches = caches.into();
        self
    }

    /// How charts are loaded: dependencies may also be the charts beside them, and those of caches.
    fn load_options(&self) -> LoadOptions<'_> {
        let caches = &*self.chart_caches;
        let parsed = Some(&self.parsed);
        LoadOptions { caches, parsed, beside: true, limits: self.limits, ..LoadOptions::default() }
    }

    /// The same engine that works out the edits of fixes in charts too, so that findings carry them, or
    /// have no fix and the reason. The chart is rendered again for each finding.
    #[must_use]
    pub fn with_chart_edits(mut self) -> Self {
        self.chart_edits = true;
        self
    }

    /// The same engine that works out what the fixes of each place of a manifest change together while it judges:
    /// afterwards each file would be read again for that.
    #[must_use]
    pub fn with_previews(mut self) -> Self {
        self.previews = true;
        self
    }

    /// The same engine for whoever asks for the best repair of each finding only: in manifests no further ones
    /// are looked for.
    #[must_use]
    pub fn with_best_fixes(mut self) -> Self {
        self.enough = Arc::new(|_, _| true);
        self
    }

    /// The same engine for whoever asks only what is found: no repair is looked for in manifests, and what
    /// findings say of repairs is nothing to go by.
    #[must_use]
    pub fn without_repairs(mut self) -> Self {
        self.repairs = false;
        self
    }

    /// The same engine that looks for repairs in manifests only up to the one that a selection takes.
    fn with_fixes_of(&self, selection: &Selection) -> Self {
        let selection = selection.clone();
        Self { enough: Arc::new(move |rule, level| selection.allows(rule, level)), ..self.clone() }
    }

    /// The same engine that knows before it judges which files of a project others name as values.
    fn with_named_values_of(self, project: &Project) -> Self {
        Self { installs: self.installs.closed(&self, project), ..self }
    }

    /// The same engine that tells of every file that is done, from any thread.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn() + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// The rules.
    #[must_use]
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a run of this engine tells that a rule finds nothing: the rule runs, or there is none of this
    /// id any more.
    #[must_use]
    pub fn decides(&self, rule: &str) -> bool {
        self.catalogue.rule(rule).is_none() || self.rules.runs(&self.catalogue, rule)
    }

    /// Judges everything in a project, in parallel. The order of the answer does not depend on it.
    #[must_use]
    pub fn analyze(&self, project: &Project) -> Analysis {
        run::analyze(self, project)
    }

    /// What mends a project as far as the selection allows, with the proof. Nothing is written.
    #[must_use]
    pub fn repair(&self, project: &Project, selection: &Selection) -> Repair {
        run::repair(self, project, selection)
    }

    /// Mends one text: standard input, an editor's buffer. Where nothing changes (also where it can
    /// not be read) `text` is `None` and the caller keeps the bytes it has.
    #[must_use]
    pub fn fix_text(&self, file: &InputFile, selection: &Selection) -> FixedText {
        FixedText::of(self.repair(&Project::of_files(vec![file.clone()]), selection))
    }

    /// Mends one text of a chart that lies on disk: a template or a values file in an editor. The fixes are those of
    /// the chart that change this file alone, proved by rendering the chart with this text.
    #[must_use]
    pub fn fix_text_in(&self, chart: &ChartFolder, file: &InputFile, selection: &Selection) -> FixedText {
        // Values of a chart that needs others which are not here.
        if file.role() == Role::Values && !chart::alone(self, chart).unmet.is_empty() {
            return self.fix_text(file, selection);
        }
        FixedText::of(run::repair_in_chart(self, chart, file, selection))
    }

    /// Works out what the fixes of several findings of an analysis come to together.
    #[must_use]
    pub fn previews<'e>(&'e self, analysis: &'e Analysis) -> Previews<'e> {
        Previews::new(self, analysis)
    }

    /// The same engine with those of its rules whose repairs depend on other objects.
    fn linked(&self) -> Self {
        Self { rules: self.rules.linked(&self.catalogue), previews: false, ..self.clone() }
    }

    /// What rules are run against. `whole` says whether `documents` is all that is applied together.
    fn target<'a>(&'a self, documents: &'a [&'a Document], whole: bool) -> Target<'a> {
        Target {
            documents: rule::Documents::Known(documents),
            whole,
            unprivileged_ports: self.settings.unprivileged_ports,
            only: self.only.as_ref(),
            ..Target::new(self.settings.kubernetes_version, &self.images)
        }
    }

    /// The rules that another tool's id means.
    fn peer_rules(&self, tool: &'static str, id: &str) -> &[Arc<str>] {
        self.peers.get(&(tool, id.to_ascii_lowercase())).map_or(&[], Vec::as_slice)
    }
}
