//! Recipes: fixes of several rules over a Dockerfile and the workloads that run its image, as one change.
//!
//! A Dockerfile is ported first; what its new text says of the image is then a fact for the workloads. All is
//! tried in memory, and taken only if every finding of the recipe's rules is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dockerfile::{Base, Dockerfile, Keyword};
use crate::finding::{Finding, ResourceId};
use crate::project::{InputFile, Project, Role, Target};
use crate::resource::{Document, Field, ImageReference, ImageRow, Images, get, read_text};
use crate::rule::{self, Recipe, build_on_dotnet, image_row_in_full, library_of};
use crate::source::{Problem, ProblemKind, Source};
use crate::yaml;

use super::chart::{self, ChartInput};
use super::locate::resource_id;
use super::repair::Mended;
use super::upgrade::{Change, upgrade};
use super::verify::{Verified, VerifiedFile};
use super::{Analysis, Engine, FixOutcome, Outcome, Repair, Selection, built, dockerfile, run};

/// What a recipe is asked for beside its name.
#[derive(Clone, Debug, Default)]
pub struct RecipeRequest {
    /// Images by the Dockerfile that makes them: repository, and the Dockerfile's path as shown.
    pub images: Vec<(String, String)>,
    /// The version of .NET (`10.0`) that programs are to be built for and on; `None` = the one they have.
    pub dotnet: Option<String>,
}

/// What a recipe came to.
#[derive(Clone, Debug, Default)]
pub struct Migration {
    /// What is changed, with the proof. Where the recipe is refused there is a warning for every reason.
    pub repair: Repair,
    /// How many Dockerfiles, or groups of workloads without one, it is about.
    pub applications: usize,
    /// How many of these it is refused for.
    pub refused: usize,
    /// What was done to files for another version, by their names.
    pub upgraded: Vec<(Arc<str>, String)>,
}

/// What is ported together: a Dockerfile with the workloads that run its image, or workloads that run an
/// image of the recipe itself.
struct Application<'a> {
    dockerfile: Option<&'a InputFile>,
    /// Repositories of its images.
    images: BTreeSet<String>,
    /// Why it can not be ported at all.
    refused: Option<String>,
}

/// A container of the project.
struct Use {
    repository: String,
    resource: Arc<ResourceId>,
    /// The folder of the chart that prints it, if one does.
    chart: Option<PathBuf>,
    /// The .NET library that its image says it starts.
    library: Option<String>,
    /// Whether it has arguments for the image's own command.
    arguments_only: bool,
    /// Whether its pod keeps files in a claim and no `fsGroup` gives them to another user.
    keeps_files: bool,
    /// Whether it declares a port: only then is what calls it found, and moved.
    declares_port: bool,
}

/// The containers of a project.
#[derive(Default)]
struct Uses {
    all: Vec<Use>,
    /// Folders of charts that were not read as a whole, and so may hold others.
    blind: BTreeSet<PathBuf>,
}

impl Uses {
    /// Whether a chart prints a container of one of these images.
    fn runs_in(&self, chart: &Path, images: &BTreeSet<String>) -> bool {
        self.all.iter().any(|it| it.chart.as_deref() == Some(chart) && images.contains(&it.repository))
    }
}

/// Applications by whether they can be ported.
#[derive(Default)]
struct Sorted<'a> {
    accepted: Vec<&'a Application<'a>>,
    /// What all of them came to together, where that is known already.
    whole: Option<Trial>,
    /// Those that something stands against, with what.
    refused: Vec<(&'a Application<'a>, Trial)>,
}

/// What a Dockerfile makes once it is ported.
struct Ported {
    row: ImageRow,
    /// Whether a `CMD` of it became its `ENTRYPOINT`.
    starts_otherwise: bool,
    /// Whether its program listens on other ports than before.
    listens_otherwise: bool,
}

/// What a trial came to, and what stands against it.
struct Trial {
    repair: Repair,
    reasons: Vec<String>,
    /// Workloads that reasons are about, as far as they are about one.
    blamed: BTreeSet<Arc<ResourceId>>,
    upgraded: Vec<Change>,
}

impl Engine {
    /// Applies a recipe in memory. Nothing is written.
    #[must_use]
    pub fn migrate(&self, project: &Project, recipe: &Recipe, request: &RecipeRequest) -> Migration {
        let uses = uses(self, project);
        let mut applications = applications(self, project, recipe, request, &uses);
        if let Some(reason) = self.left_behind(project, &applications, request) {
            applications.iter_mut().for_each(|it| it.refused = it.refused.take().or(Some(reason.clone())));
        }
        let applications = applications;
        let mut migration = Migration { applications: applications.len(), ..Migration::default() };
        let mut repair = None;
        let (mut problems, mut left_over) = (Vec::new(), Vec::new());
        let (refused, open): (Vec<_>, Vec<_>) = applications.iter().partition(|it| it.refused.is_some());
        if !refused.is_empty() {
            // Tried for what it would find.
            left_over = self.trial(project, recipe, request, &refused, &uses).repair.before.findings;
        }
        migration.refused = refused.len();
        problems.extend(refused.iter().filter_map(|it| Some(it.problem(it.refused.as_ref()?))));
        let sorted = self.sort(project, recipe, request, open, &uses);
        migration.refused += sorted.refused.len();
        for (application, trial) in sorted.refused {
            left_over.extend(trial.repair.before.findings);
            problems.extend(trial.reasons.iter().map(|reason| application.problem(reason)));
        }
        let accepted = sorted.accepted;
        if let Some(trial) = sorted.whole {
            (repair, migration.upgraded) = (Some(trial.repair), trial.upgraded);
        } else if !accepted.is_empty() {
            // Several applications may share files, so that they are ported once more together.
            let trial = self.trial(project, recipe, request, &accepted, &uses);
            let reason = trial.reasons.first().map(|reason| format!("together with the others: {reason}"));
            let trial_before = trial.repair.before.findings.clone();
            repair = reason.is_none().then_some(trial.repair);
            migration.upgraded = trial.upgraded;
            if let Some(reason) = reason {
                left_over.extend(trial_before);
                migration.refused += accepted.len();
                problems.extend(accepted.iter().map(|application| application.problem(&reason)));
            }
        }
        // Programs may share projects, which are of one version.
        if request.dotnet.is_some() && migration.refused > 0 {
            if let Some(made) = repair.take() {
                left_over.extend(made.before.findings);
                let reason = "the version is raised for all or for none, and another one is refused";
                migration.refused += accepted.len();
                problems.extend(accepted.iter().map(|application| application.problem(reason)));
            }
            migration.upgraded.clear();
        }
        migration.repair = match repair {
            Some(repair) => {
                problems.extend(project.dockerfiles().filter_map(|file| self.parse(file).err()));
                repair
            }
            None => self.unread(project),
        };
        migration.repair.before.problems.extend(problems);
        migration.repair.before.findings.extend(left_over.iter().cloned());
        migration.repair.after.findings.extend(left_over);
        migration
    }

    /// The same engine with other rules, further facts on images, and limited to containers of these.
    fn limited(&self, rules: rule::Selection, rows: Vec<(String, ImageRow)>, only: Option<Images>) -> Self {
        let images = self.images.clone();
        let images = if rows.is_empty() { images } else { images.with_new(rows) };
        Self { rules, images, only, progress: None, chart_edits: false, ..self.clone() }
    }

    fn parse(&self, input: &InputFile) -> Result<Dockerfile, Problem> {
        let source = input.read(&self.limits).map_err(|problem| *problem)?;
        Dockerfile::parse(&source).map_err(|problem| *problem)
    }

    /// What could not be read, where nothing is changed.
    fn unread(&self, project: &Project) -> Repair {
        let engine = self.limited(rule::Selection::none(&self.catalogue), Vec::new(), None);
        let before = engine.analyze(project);
        Repair { after: before.clone(), before, ..Repair::default() }
    }

    /// Finds out which applications can be ported. Only those are tried alone whose Dockerfile is not ported, or
    /// that a trial of all others tells against: the work grows with what there is, not with its square.
    fn sort<'p>(
        &self,
        project: &Project,
        recipe: &Recipe,
        request: &RecipeRequest,
        applications: Vec<&'p Application<'p>>,
        uses: &Uses,
    ) -> Sorted<'p> {
        let alone = |it: &'p Application<'p>| {
            let near = self.near(project, it, uses);
            (it, self.trial(&near, recipe, request, &[it], uses))
        };
        let nothing = Project::default();
        let only = applications.len() == 1;
        let in_itself = |it: &&'p Application<'p>| {
            only || self.trial(&nothing, recipe, request, &[*it], uses).reasons.is_empty()
        };
        let (open, doubtful): (Vec<_>, Vec<_>) = applications.into_iter().partition(in_itself);
        let mut sorted = Sorted { refused: doubtful.into_iter().map(alone).collect(), ..Sorted::default() };
        if open.is_empty() {
            return sorted;
        }
        let trial = self.trial(project, recipe, request, &open, uses);
        if trial.reasons.is_empty() {
            return Sorted { accepted: open, whole: Some(trial), ..sorted };
        }
        if let [one] = open.as_slice() {
            sorted.refused.push((*one, trial));
            return sorted;
        }
        let is_blamed = |it: &&'p Application<'p>| {
            let runs = |one: &&Use| it.images.contains(&one.repository);
            uses.all.iter().filter(runs).any(|one| trial.blamed.contains(&one.resource))
        };
        let (blamed, others): (Vec<_>, Vec<_>) = open.into_iter().partition(is_blamed);
        // What names no workload may be anyone's.
        let (blamed, others) = if blamed.is_empty() { (others, blamed) } else { (blamed, others) };
        sorted.accepted = others;
        for (application, trial) in blamed.into_iter().map(alone) {
            if trial.reasons.is_empty() {
                sorted.accepted.push(application);
            } else {
                sorted.refused.push((application, trial));
            }
        }
        sorted
    }

    /// The project without the charts that an application has no part in.
    fn near(&self, project: &Project, application: &Application<'_>, uses: &Uses) -> Project {
        let mut images = application.images.clone();
        let rows: Vec<_> = images.iter().map(|image| (image.clone(), ImageRow::default())).collect();
        images.extend(self.twins(&rows).into_iter().map(|(image, _)| image));
        let mut near = project.clone();
        near.targets.retain(|target| match target {
            Target::Chart(chart) => uses.blind.contains(&chart.path) || uses.runs_in(&chart.path, &images),
            Target::Manifests(_) | Target::Dockerfiles(_) => true,
        });
        near
    }

    /// Ports applications in memory.
    fn trial(
        &self,
        project: &Project,
        recipe: &Recipe,
        request: &RecipeRequest,
        applications: &[&Application<'_>],
        uses: &Uses,
    ) -> Trial {
        let selection = Selection {
            unsafe_fixes: true,
            suggestions: recipe.dockerfile.iter().chain(&recipe.workload).cloned().collect(),
            best_only: true,
            order: recipe.workload.clone(),
            ..Selection::default()
        };
        let rules = Recipe::select(&self.catalogue, &recipe.dockerfile);
        let engine = self.limited(rules, Vec::new(), None);
        let (mut parts, mut reasons, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        let (mut upgraded, mut projects): (_, Vec<VerifiedFile>) = (Vec::new(), Vec::new());
        for application in applications {
            let of_this = || uses.all.iter().filter(|it| application.images.contains(&it.repository));
            let undeclared = |it: &Use| {
                let reason = "declares no port: what calls the one that its image gives up would not follow";
                format!("{} {reason}", it.resource)
            };
            let Some(input) = application.dockerfile else {
                if request.dotnet.is_some() {
                    reasons.push("it is run as it is, so that no project tells its version".to_owned());
                }
                let has_twin =
                    |it: &&Use| !self.twins(&[(it.repository.clone(), ImageRow::default())]).is_empty();
                reasons.extend(of_this().filter(|it| !it.declares_port).filter(has_twin).map(undeclared));
                rows.extend(application.images.iter().map(|image| (image.clone(), ImageRow::default())));
                continue;
            };
            let mut mended = dockerfile::mend(&engine, input, &selection);
            reasons.extend(left(&mended.outcomes));
            if let Some(version) = &request.dotnet {
                match upgrade(&engine, input, &mut mended, version, &mut upgraded) {
                    // Several programs may be made by one project.
                    Ok(project) => projects
                        .extend(project.filter(|new| projects.iter().all(|it| it.path() != new.path()))),
                    Err(reason) => reasons.push(reason),
                }
            }
            match self.row(input, &mended) {
                Ok(Ported { row, starts_otherwise, listens_otherwise }) => {
                    let silent = of_this().filter(|it| listens_otherwise && !it.declares_port);
                    reasons.extend(silent.map(undeclared));
                    if let Some(caller) = of_this().find(|it| it.arguments_only && starts_otherwise) {
                        let reason =
                            "has args without a command: CMD, which they replace, becomes ENTRYPOINT";
                        reasons.push(format!("{} {reason}", caller.resource));
                    }
                    rows.extend(application.images.iter().map(|image| (image.clone(), row.clone())));
                }
                Err(reason) => reasons.push(reason),
            }
            parts.push(mended);
        }
        let only = Images::of_rows(rows.clone().into_iter().chain(self.twins(&rows)));
        let known: Vec<_> = rows.into_iter().filter(|(_, row)| *row != ImageRow::default()).collect();
        let engine = self.limited(Recipe::select(&self.catalogue, &recipe.workload), known, Some(only));
        let mut workloads = run::repair(&engine, &without_dockerfiles(project), &selection);
        reasons.extend(left(&workloads.outcomes));
        let is_left = |it: &&FixOutcome| it.outcome != Outcome::Fixed;
        let mut blamed: BTreeSet<Arc<ResourceId>> =
            workloads.outcomes.iter().filter(is_left).map(|it| it.finding.resource.clone()).collect();
        let stays = |finding: &&Finding| {
            !workloads.outcomes.iter().any(|it| it.finding.fingerprint == finding.fingerprint)
        };
        let new = workloads.after.findings.iter().filter(stays);
        blamed.extend(new.clone().map(|finding| finding.resource.clone()));
        reasons.extend(
            new.map(|finding| reason_of(finding, finding.no_fix.as_deref().unwrap_or("it would stay"))),
        );
        let unread = workloads.after.problems.iter().filter(|it| it.kind == ProblemKind::NotChecked);
        reasons.extend(unread.map(|problem| {
            format!(
                "{} was not read and may belong to it ({}); --exclude leaves it out",
                problem.path, problem.message
            )
        }));
        if !workloads.verified.is_empty() {
            let ported = |it: &&Use| applications.iter().any(|of| of.images.contains(&it.repository));
            let keeps = uses.all.iter().filter(ported).filter(|it| it.keeps_files);
            blamed.extend(keeps.clone().map(|it| it.resource.clone()));
            let reason = "keeps files in a claim, which may belong to root: give it an fsGroup first";
            reasons.extend(keeps.map(|it| format!("{} {reason}", it.resource)));
        }
        reasons.sort();
        reasons.dedup();
        let mut repair = Repair::default();
        for part in parts {
            repair.outcomes.extend(part.outcomes);
            add(&mut repair.before, part.before.analysis());
            add(&mut repair.after, part.after.analysis());
            workloads.verified = Verified::join([workloads.verified, part.verified]);
        }
        workloads.verified =
            Verified::join(projects.into_iter().map(Verified::of).chain([workloads.verified]));
        repair.outcomes.append(&mut workloads.outcomes);
        add(&mut repair.before, workloads.before);
        add(&mut repair.after, workloads.after);
        repair.verified = workloads.verified.together();
        upgraded.dedup();
        Trial { repair, reasons, blamed, upgraded }
    }

    /// Why the version can not be raised: a Dockerfile that is not ported may build the same projects.
    fn left_behind(
        &self,
        project: &Project,
        applications: &[Application<'_>],
        request: &RecipeRequest,
    ) -> Option<String> {
        let version = request.dotnet.as_ref()?;
        let ported =
            |name: &str| applications.iter().filter_map(|it| it.dockerfile).any(|it| **it.name() == *name);
        project.dockerfiles().filter(|input| !ported(input.name())).find_map(|input| {
            let file = self.parse(input).ok()?;
            let older = match build_on_dotnet(&file, version) {
                Ok(ops) => !ops.is_empty(),
                Err(_) => file.source().text().contains("mcr.microsoft.com/dotnet/"),
            };
            let reason = "is built with another .NET and not ported; --exclude leaves it out";
            older.then(|| format!("{} {reason}", input.name()))
        })
    }

    /// What the ported Dockerfile says of its image.
    fn row(&self, input: &InputFile, mended: &Mended) -> Result<Ported, String> {
        let before = input.read(&self.limits).map_err(|problem| problem.message)?;
        let after =
            mended.verified.files().first().map_or_else(|| Arc::clone(&before), |it| Arc::clone(it.after()));
        let parse = |source: &Arc<Source>| Dockerfile::parse(source).map_err(|problem| problem.message);
        let (before, after) = (parse(&before)?, parse(&after)?);
        let row = image_row_in_full(&after, &self.images).ok_or("whom its image runs as is not known")?;
        let has_entrypoint = |file: &Dockerfile| file.chain().last(Keyword::Entrypoint).is_some();
        let starts_otherwise = !has_entrypoint(&before) && has_entrypoint(&after);
        let old = image_row_in_full(&before, &self.images);
        let listens_otherwise = old.is_none_or(|old| old.ports != row.ports);
        Ok(Ported { row, starts_otherwise, listens_otherwise })
    }

    /// The images that may take the place of these.
    fn twins(&self, rows: &[(String, ImageRow)]) -> Vec<(String, ImageRow)> {
        let fact = |(image, _): &(String, ImageRow)| self.images.find(&ImageReference::parse(image)?);
        let other = |it: &(String, ImageRow)| Some(fact(it)?.row.alternative.as_ref()?.image.clone());
        rows.iter().filter_map(other).map(|image| (image, ImageRow::default())).collect()
    }
}

impl Application<'_> {
    fn name(&self) -> Arc<str> {
        match self.dockerfile {
            Some(file) => Arc::clone(file.name()),
            None => {
                self.images.iter().next().map_or_else(|| Arc::from(""), |image| Arc::from(image.as_str()))
            }
        }
    }

    fn problem(&self, reason: &str) -> Problem {
        Problem::of_path(ProblemKind::Warning, self.name(), format!("not ported: {reason}"))
    }
}

/// The reasons why findings stay.
fn left(outcomes: &[FixOutcome]) -> Vec<String> {
    let reason = |it: &FixOutcome| {
        let why = match &it.outcome {
            Outcome::Fixed => return None,
            Outcome::Refused { reason } | Outcome::NoFix { reason } => reason,
            Outcome::HeldBack { reason, .. } => it.finding.no_fix.as_deref().unwrap_or(reason),
        };
        Some(reason_of(&it.finding, why))
    };
    outcomes.iter().filter_map(reason).collect()
}

fn reason_of(finding: &Finding, why: &str) -> String {
    let line = finding.primary.source.line_column(finding.primary.span.start()).line;
    format!("{}:{line}: {}: {why}", finding.primary.path(), finding.message)
}

fn add(all: &mut Analysis, part: Analysis) {
    all.findings.extend(part.findings);
    all.ignored.extend(part.ignored);
    all.problems.extend(part.problems);
    all.counts.add(&part.counts);
}

fn without_dockerfiles(project: &Project) -> Project {
    let mut project = project.clone();
    project.targets.retain(|target| !matches!(target, Target::Dockerfiles(_)));
    project
}

/// The containers of all workloads. Patches of overlays are no finished objects.
fn uses(engine: &Engine, project: &Project) -> Uses {
    let mut found = Uses::default();
    for file in project.manifests().filter(|file| file.role() == Role::Manifest) {
        let Ok(source) = file.read(&engine.limits) else { continue };
        let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
        Document::objects(&tree, &engine.kinds)
            .iter()
            .for_each(|object| uses_in(&engine.images, object, None, &mut found.all));
    }
    let none = engine.limited(rule::Selection::none(&engine.catalogue), Vec::new(), None);
    for folder in project.charts() {
        let Ok(input) = ChartInput::open(engine, folder) else {
            found.blind.insert(folder.path.clone());
            continue;
        };
        let judged = chart::judge(&none, &input);
        if judged.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked) {
            found.blind.insert(folder.path.clone());
        }
        judged
            .objects()
            .for_each(|object| uses_in(&engine.images, object, Some(&folder.path), &mut found.all));
    }
    found
}

fn uses_in(images: &Images, object: &Document, chart: Option<&Path>, found: &mut Vec<Use>) {
    let tree = object.tree();
    let is_set = |node, keys: &[&str]| !get(tree, node, keys).is_absent();
    for pod in object.pods() {
        let volumes = get(tree, pod.spec, &["volumes"]).value();
        let mut volumes = volumes.map_or(&[][..], |volumes| tree.items(volumes)).iter();
        let claims = volumes.any(|&volume| is_set(volume, &["persistentVolumeClaim"]))
            || is_set(object.root(), &["spec", "volumeClaimTemplates"]);
        let keeps_files = claims && !is_set(pod.spec, &["securityContext", "fsGroup"]);
        for container in &pod.containers {
            let Field::Value(text) = read_text(tree, container.node, &["image"]) else { continue };
            let Some(image) = ImageReference::parse(&text) else { continue };
            let arguments_only = is_set(container.node, &["args"]) && !is_set(container.node, &["command"]);
            let ports = get(tree, container.node, &["ports"]).value();
            let declares_port = ports.is_some_and(|ports| !tree.items(ports).is_empty());
            let (repository, resource) = (image.repository(), resource_id(object));
            let chart = chart.map(Path::to_path_buf);
            let library = images.find(&image).and_then(|fact| fact.row.library.clone());
            found.push(Use {
                repository,
                resource,
                chart,
                library,
                arguments_only,
                keeps_files,
                declares_port,
            });
        }
    }
}

/// Letters and digits of a name, small: `CatFacts` and `cat-facts` are one.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What the recipe is about in a project.
fn applications<'a>(
    engine: &Engine,
    project: &'a Project,
    recipe: &Recipe,
    request: &RecipeRequest,
    uses: &Uses,
) -> Vec<Application<'a>> {
    let mut named: Vec<(&InputFile, Vec<String>)> = Vec::new();
    for input in project.dockerfiles() {
        // What can not be read is told by whoever reads all.
        let Ok(file) = engine.parse(input) else { continue };
        let chain = file.chain();
        if matches!(&chain.base, Base::Image(name) if recipe.is_about(name)) {
            named.push((input, names_of(input, &file)));
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in named.iter().flat_map(|(_, names)| names.iter().collect::<BTreeSet<_>>()) {
        *counts.entry(name.clone()).or_default() += 1;
    }
    let mut found = Vec::new();
    for (input, names) in &named {
        let told = request.images.iter().filter(|(_, path)| path.as_str() == &**input.name());
        let mut images: BTreeSet<String> = told.map(|(image, _)| image.clone()).collect();
        if images.is_empty() {
            // A name that two Dockerfiles have tells of neither.
            let own = |it: &&Use| {
                let known = request.images.iter().any(|(image, _)| *image == it.repository);
                // What the image says of itself wins over what it is called.
                let library = it.library.as_deref().map(folded).filter(|name| counts.contains_key(name));
                let called = || folded(it.repository.rsplit('/').next().unwrap_or(""));
                let name = library.unwrap_or_else(called);
                !known && names.contains(&name) && counts.get(&name) == Some(&1)
            };
            images = uses.all.iter().filter(own).map(|it| it.repository.clone()).collect();
        }
        let runs = uses.all.iter().any(|it| images.contains(&it.repository));
        let refused = (!runs).then(|| {
            let all: BTreeSet<&str> = uses.all.iter().map(|it| &*it.repository).collect();
            let all: Vec<&str> = all.into_iter().take(5).collect();
            if all.is_empty() {
                "no workload that runs its image is among the checked files: the port and the user have to follow there".to_owned()
            } else {
                format!("which image it makes is not known ({} are run): say so with --image IMAGE={}", all.join(", "), input.name())
            }
        });
        found.push(Application { dockerfile: Some(*input), images, refused });
    }
    let own = |it: &&Use| recipe.images.contains(&it.repository);
    let images: BTreeSet<String> = uses.all.iter().filter(own).map(|it| it.repository.clone()).collect();
    if !images.is_empty() {
        found.push(Application { dockerfile: None, images, refused: None });
    }
    found
}

/// What an image may be called by its Dockerfile: its own name or its folder's, the program that it starts.
fn names_of(input: &InputFile, file: &Dockerfile) -> Vec<String> {
    let mut names: Vec<String> = built::name_of(input).iter().map(|name| folded(name)).collect();
    names.extend(library_of(&file.chain()).map(|name| folded(&name)));
    names.retain(|name| !name.is_empty());
    names
}
