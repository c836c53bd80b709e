use std::fs;

use super::*;

fn names(project: &Project) -> Vec<&str> {
    project.manifests().map(|file| &**file.name()).collect()
}

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn discover(folder: &Path, change: impl FnOnce(&mut Discovery)) -> Project {
    let mut discovery = Discovery { paths: vec![folder.to_path_buf()], ..Discovery::default() };
    change(&mut discovery);
    let mut project = Project::discover(&discovery);
    let prefix = format!("{}/", read::shown(folder));
    for target in &mut project.targets {
        match target {
            Target::Manifests(files) | Target::Dockerfiles(files) => {
                for file in files {
                    file.name = file.name.trim_start_matches(&prefix).into();
                }
            }
            Target::Chart(chart) => chart.name = chart.name.trim_start_matches(&prefix).into(),
        }
    }
    project
}

#[test]
fn nested_ignore_files_count_and_explicit_paths_win() {
    let folder = tree(&[
        (".git/config", ""),
        (".git/info/exclude", "secret.yaml\n"),
        (".gitignore", "build/\n*.gen.yaml\n"),
        ("a.yaml", ""),
        ("a.gen.yaml", ""),
        ("build/b.yaml", ""),
        ("sub/.gitignore", "!kept.gen.yaml\nc.yaml\n"),
        ("sub/kept.gen.yaml", ""),
        ("sub/c.yaml", ""),
        ("sub/d.JSON", ""),
        ("other/c.yaml", ""),
        ("secret.yaml", ""),
        ("notes.txt", ""),
    ]);
    let found = discover(folder.path(), |_| {});
    assert_eq!(names(&found), ["a.yaml", "other/c.yaml", "sub/d.JSON", "sub/kept.gen.yaml"]);
    let all = discover(folder.path(), |discovery| discovery.no_gitignore = true);
    assert_eq!(all.manifests().count(), 8);
    let file = folder.path().join("build/b.yaml");
    let explicit = discover(folder.path(), |discovery| discovery.paths = vec![file.clone()]);
    assert_eq!(names(&explicit), ["build/b.yaml"]);
    let forced = discover(folder.path(), |discovery| {
        discovery.paths = vec![file];
        discovery.force_exclude = true;
    });
    assert_eq!(forced.manifests().count(), 0);
    let below = discover(&folder.path().join("sub"), |_| {});
    assert_eq!(names(&below), ["d.JSON", "kept.gen.yaml"]);
}

#[test]
fn exclude_globs_are_relative_to_their_folder() {
    let folder = tree(&[("vendor/a.yaml", ""), ("app/vendor/b.yaml", ""), ("app/c.yaml", "")]);
    let found = discover(folder.path(), |discovery| {
        discovery.exclude = vec![(folder.path().to_path_buf(), "/vendor".to_owned())];
    });
    assert_eq!(names(&found), ["app/c.yaml", "app/vendor/b.yaml"]);
}

#[test]
fn templates_of_charts_are_no_manifests() {
    let folder = tree(&[
        ("web/Chart.yaml", "name: web"),
        ("web/values.yaml", ""),
        ("web/templates/a.yaml", "{{ x }}"),
        ("web/templates/deep/b.yaml", "{{ x }}"),
        ("web/charts/db/Chart.yaml", "name: db"),
        ("web/charts/db/templates/c.yaml", "{{ x }}"),
        ("templates/plain.yaml", ""),
    ]);
    let found = discover(folder.path(), |_| {});
    assert_eq!(
        names(&found),
        ["templates/plain.yaml", "web/Chart.yaml", "web/charts/db/Chart.yaml", "web/values.yaml"]
    );
    let charts: Vec<_> = found.charts().map(|chart| (&*chart.name, chart.templates.len())).collect();
    assert_eq!(charts, [("web", 3)]);
    let file = folder.path().join("web/templates/a.yaml");
    let alone = discover(folder.path(), |discovery| discovery.paths = vec![file]);
    assert_eq!((alone.manifests().count(), alone.charts().count()), (0, 1));
}

#[test]
fn a_chart_may_have_no_templates_of_its_own() {
    let folder = tree(&[
        ("shop/Chart.yaml", "name: shop"),
        ("shop/values.yaml", "a: 1"),
        ("shop/charts/db/Chart.yaml", "name: db"),
        ("shop/charts/db/charts/common/Chart.yaml", "name: common"),
    ]);
    let project = discover(folder.path(), |_| {});
    let charts: Vec<_> = project.charts().map(|chart| (&*chart.name, chart.templates.len())).collect();
    assert_eq!(charts, [("shop", 0)]);
}

#[test]
fn a_path_inside_a_chart_selects_the_chart_and_limits_the_report() {
    let folder = tree(&[
        ("web/Chart.yaml", "name: web"),
        ("web/values.yaml", ""),
        ("web/templates/a.yaml", "{{ x }}"),
        ("web/charts/db/Chart.yaml", "name: db"),
        ("web/charts/db/templates/c.yaml", "{{ x }}"),
    ]);
    let only = |path: &str| {
        let path = folder.path().join(path);
        let found = discover(folder.path(), |discovery| discovery.paths = vec![path]);
        let charts = found.charts().map(|chart| (chart.path.clone(), chart.only.len()));
        charts.collect::<Vec<_>>()
    };
    let web = folder.path().join("web");
    assert_eq!(only("web"), [(web.clone(), 0)]);
    assert_eq!(only("."), [(web.clone(), 0)]);
    for path in ["web/values.yaml", "web/templates", "web/templates/a.yaml", "web/charts/db"] {
        assert_eq!(only(path), [(web.clone(), 1)], "{path}");
    }
}

#[test]
fn patches_are_recognised_by_the_kustomization_that_names_them() {
    let folder = tree(&[
        ("base/kustomization.yaml", "resources: [app.yaml]\n"),
        ("base/app.yaml", ""),
        (
            "prod/kustomization.yml",
            "resources: [../base]\npatches:\n- path: limits.yaml\npatchesStrategicMerge:\n- ../shared/x.yaml\n- |-\n  kind: Inline\n",
        ),
        ("prod/limits.yaml", ""),
        ("shared/x.yaml", ""),
    ]);
    let found = discover(folder.path(), |_| {});
    let patches: Vec<_> = found
        .manifests()
        .filter(|file| file.role() == Role::OverlayPatch)
        .map(|file| &**file.name())
        .collect();
    assert_eq!(patches, ["prod/limits.yaml", "shared/x.yaml"]);
    let file = folder.path().join("prod/limits.yaml");
    let alone = discover(folder.path(), |discovery| discovery.paths = vec![file]);
    assert_eq!(alone.manifests().next().unwrap().role(), Role::OverlayPatch);
}

#[test]
fn what_can_not_be_read_is_a_problem() {
    let folder = tree(&[("big.yaml", "aaaaaaaaaa"), ("bad.yaml", "a: 1\nb: \0"), ("ok.yaml", "a: 1")]);
    let limits = Limits { file_bytes: 9, ..Limits::default() };
    let found = discover(folder.path(), |_| {});
    let read: Vec<_> =
        found.manifests().map(|file| file.read(&limits).map_err(|problem| problem.message)).collect();
    assert_eq!(read[0].as_ref().unwrap_err(), "binary file: it holds a NUL byte");
    assert_eq!(read[1].as_ref().unwrap_err(), "larger than 9 bytes");
    assert_eq!(&**read[2].as_ref().unwrap().text(), "a: 1");
    let missing = discover(folder.path(), |discovery| discovery.paths = vec!["/no/such/file.yaml".into()]);
    assert_eq!(missing.problems[0].message, "no such file");
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_the_tree() {
    use crate::source::Files;
    let outside = tree(&[("x.yaml", "a: 1")]);
    let folder = tree(&[("a.yaml", "a: 1"), ("sub/b.yaml", "b: 1")]);
    std::os::unix::fs::symlink(outside.path().join("x.yaml"), folder.path().join("x.yaml")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("a.yaml"), folder.path().join("y.yaml")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
    let found = discover(folder.path(), |_| {});
    assert_eq!(names(&found), ["a.yaml", "sub/b.yaml"]);
    let kinds: Vec<_> = found.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Warning, ProblemKind::NotChecked]);
    let files = DiskFiles::new(folder.path(), &Limits::default()).unwrap();
    let mut above = crate::source::MemoryFiles::new();
    above.insert("a.yaml", *b"new");
    let overlay = OverlayFiles::new(Arc::new(files), above);
    assert_eq!(&*overlay.read("a.yaml").unwrap(), b"new");
    assert_eq!(&*overlay.read("sub/b.yaml").unwrap(), b"b: 1");
}

#[test]
fn dockerfiles_are_found_beside_manifests_unless_ignored() {
    let folder = tree(&[
        (".git/config", ""),
        (".gitignore", "vendor/\n"),
        ("a.yaml", ""),
        ("Dockerfile", ""),
        ("chart/Chart.yaml", ""),
        ("chart/templates/x.yaml", ""),
        ("chart/Dockerfile.web", ""),
        ("vendor/Dockerfile", ""),
        ("Dockerfile.dockerignore", ""),
    ]);
    let found = discover(folder.path(), |_| {});
    let dockerfiles: Vec<&str> = found.dockerfiles().map(|file| &**file.name()).collect();
    assert_eq!(dockerfiles, ["Dockerfile", "chart/Dockerfile.web"]);
    assert!(!names(&found).iter().any(|name| name.contains("Dockerfile")));
    assert_eq!(found.charts().count(), 1);
}
