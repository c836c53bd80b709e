//! `init`: a configuration to start from, or its schema. `completions`: a shell's script.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use clap::CommandFactory;

use crate::config::schema::json_schema;

use super::args::{Cli, CompletionsArgs, InitArgs};
use super::exit::{Exit, Failure};
use super::terminal::{print, tell};

/// What `init` writes: everything in it is a comment but the standard.
pub const TEMPLATE: &str = r#"# Configuration of seaworthy. `seaworthy init --schema` prints the JSON schema.

# What to hold; without it every rule that is on by default runs (`seaworthy rules`).
# standards = ["pss:restricted"]

# Kubernetes version the manifests are for; the newest known one if absent.
# kubernetes-version = "1.33"

# Lowest severity that fails a check: info, low, medium, high, critical or never.
# fail-on = "low"

# [paths]
# exclude = ["vendor/"]

# [rules]
# missing-cpu-limit = true
# privileged-port = { severity = "info" }

# What is known of your images makes fixes safe.
# [images."registry.example.com/acme/api"]
# uid = 1654

# [[ignore]]
# rule = "host-network"
# kind = "DaemonSet"
# namespace = "kube-system"
# reason = "the CNI agent configures the node's network"
# expires = "2027-06-30"
"#;

/// Writes `seaworthy.toml`, never over an existing one.
///
/// # Errors
/// The file exists or cannot be written.
pub fn init(args: &InitArgs) -> Result<Exit, Failure> {
    if args.schema {
        print(&json_schema())?;
        return Ok(Exit::Clean);
    }
    let path = args.folder.join("seaworthy.toml");
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(|error| {
        let what = path.display();
        if error.kind() == ErrorKind::AlreadyExists {
            Failure::new(format!("{what} exists already"))
        } else {
            Failure::new(format!("{what}: {error}"))
        }
    })?;
    file.write_all(TEMPLATE.as_bytes())
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    tell(&format!("Wrote {}\n", path.display()));
    Ok(Exit::Clean)
}

/// Prints a completion script.
///
/// # Errors
/// Standard output is closed.
pub fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "seaworthy", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}
