//! `.Capabilities`: what the cluster is said to be.

use std::any::Any;
use std::rc::Rc;

use crate::helm::call::{Args, FunctionResult, Method, Type};
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::value::{Kind, List, ListKind, Node, Object, Value};
use crate::origin::{Origin, OriginId, Origins};

/// The version of Helm that charts see, and which we follow.
const HELM_VERSION: &str = "v4.3.1";

/// The Go version that Helm release was built with.
const GO_VERSION: &str = "go1.26.8";

/// The client library's version that Helm reports.
const CLIENT_VERSION: &str = "v1.37";

/// A version of Kubernetes as `--kube-version` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a `v` in front: `v1.29.3-gke.100`.
    pub full: String,
    /// Numbers only, which is what constraints see: `v1.29.3`.
    pub normalized: String,
    /// The first number.
    pub major: String,
    /// The second number.
    pub minor: String,
}

impl Default for KubeVersion {
    /// What Helm 4.3.1 takes where nothing is given.
    fn default() -> Self {
        let text = || "v1.37.0".to_owned();
        Self { full: text(), normalized: text(), major: "1".to_owned(), minor: "37".to_owned() }
    }
}

impl KubeVersion {
    /// Reads a version: at least two numbers with dots, and anything behind them.
    ///
    /// # Errors
    /// It is none; the text is Helm's.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreadable = || Err(format!("could not parse {text:?} as version"));
        let trimmed = text.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        let rest = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut numbers = Vec::new();
        let mut at = 0;
        loop {
            let digits = rest.get(at..).unwrap_or("").bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                break;
            }
            numbers.push(rest.get(at..at + digits).unwrap_or(""));
            at += digits + 1;
            if rest.as_bytes().get(at - 1) != Some(&b'.') {
                break;
            }
        }
        if numbers.is_empty() || rest.contains('\n') {
            return unreadable();
        }
        let (Some(major), Some(minor)) = (numbers.first(), numbers.get(1)) else {
            return Err(format!("illegal version string {text:?}"));
        };
        if major.starts_with('0') && *major != "0" {
            return Err(format!("illegal zero-prefixed version component {major:?} in {text:?}"));
        }
        let mut parsed = Vec::with_capacity(numbers.len());
        for number in &numbers {
            let Ok(value) = number.parse::<u64>() else {
                return Err(format!(
                    "illegal non-numeric version component {number:?} in {text:?}: strconv.ParseUint: parsing \
                     {number:?}: value out of range"
                ));
            };
            parsed.push(value.to_string());
        }
        let plain =
            |number: &str| number.parse::<u64>().map_or_else(|_| String::new(), |value| value.to_string());
        let full = if text.starts_with('v') { text.to_owned() } else { format!("v{text}") };
        Ok(Self {
            full,
            normalized: format!("v{}", parsed.join(".")),
            major: plain(major),
            minor: plain(minor),
        })
    }
}

/// `.Capabilities`.
#[derive(Debug)]
pub(super) struct Capabilities {
    version: Node,
    api_versions: Node,
    helm: Node,
}

impl Capabilities {
    /// For a version and the API versions beyond the built-in ones.
    pub fn node(version: &KubeVersion, more: &[String], origins: &mut Origins) -> Node {
        let mut context = |name: &str| {
            let name = origins.name(name);
            origins.push(Origin::Context { name })
        };
        let (at_version, at_apis, at_helm) = (
            context("Capabilities.KubeVersion"),
            context("Capabilities.APIVersions"),
            context("Capabilities.HelmVersion"),
        );
        let whole = context("Capabilities");
        let names = API_VERSIONS.iter().copied().chain(more.iter().map(String::as_str));
        let api_versions = names.map(|name| text(name, at_apis)).collect();
        let capabilities = Self {
            version: object(
                KubeVersionObject { version: version.clone(), origin: at_version, is_copy: false },
                at_version,
            ),
            api_versions: object(
                VersionSet { list: List::of_kind(ListKind::Strings, api_versions) },
                at_apis,
            ),
            helm: object(HelmVersion { origin: at_helm }, at_helm),
        };
        object(capabilities, whole)
    }
}

fn object(object: impl Object, origin: OriginId) -> Node {
    Node::new(Value::Object(Rc::new(object)), origin)
}

fn text(text: &str, origin: OriginId) -> Node {
    Node::from(Str::whole(text.as_bytes(), origin))
}

impl Object for Capabilities {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn field(&self, name: &str) -> Option<Node> {
        match name {
            "KubeVersion" => Some(self.version.clone()),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(self.helm.clone()),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        static COPY: Method = Method { name: "Copy", parameters: &[], variadic: false, call: copy };
        (name == "Copy").then_some(&COPY)
    }

    fn fields(&self) -> Vec<(&'static str, Node)> {
        vec![
            ("KubeVersion", self.version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm.clone()),
        ]
    }
}

fn copy(_: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    let found = (object as &dyn Any).downcast_ref::<Capabilities>();
    let copied = found.map(|it| Capabilities {
        version: it.version.clone(),
        api_versions: it.api_versions.clone(),
        helm: it.helm.clone(),
    });
    Ok(copied.map_or_else(Node::default, |it| Node::plain(Value::Object(Rc::new(it)))))
}

#[derive(Debug)]
struct KubeVersionObject {
    version: KubeVersion,
    origin: OriginId,
    /// Whether it was passed to a function. Its methods are those of the pointer.
    is_copy: bool,
}

impl Object for KubeVersionObject {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn field(&self, name: &str) -> Option<Node> {
        let field = match name {
            "Version" => &self.version.full,
            "Major" => &self.version.major,
            "Minor" => &self.version.minor,
            _ => return None,
        };
        Some(text(field, self.origin))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        static STRING: Method = Method { name: "String", parameters: &[], variadic: false, call: normalized };
        static GIT: Method = Method { name: "GitVersion", parameters: &[], variadic: false, call: full };
        match name {
            "String" if !self.is_copy => Some(&STRING),
            "GitVersion" if !self.is_copy => Some(&GIT),
            _ => None,
        }
    }

    fn action_text(&self) -> Option<String> {
        (!self.is_copy).then(|| self.version.normalized.clone())
    }

    fn passed(&self) -> Option<Value> {
        let copy = Self { version: self.version.clone(), origin: self.origin, is_copy: true };
        (!self.is_copy).then(|| Value::Object(Rc::new(copy)))
    }

    fn fields(&self) -> Vec<(&'static str, Node)> {
        let fields = [
            ("Version", &self.version.full),
            ("normalizedVersion", &self.version.normalized),
            ("Major", &self.version.major),
            ("Minor", &self.version.minor),
        ];
        fields.into_iter().map(|(name, value)| (name, text(value, self.origin))).collect()
    }

    fn json_fields(&self) -> Vec<(&'static str, Node)> {
        self.exported_fields()
    }
}

fn version_of(object: &dyn Object) -> Option<&KubeVersionObject> {
    (object as &dyn Any).downcast_ref()
}

fn normalized(_: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    Ok(version_of(object).map_or_else(Node::default, |it| text(&it.version.normalized, it.origin)))
}

fn full(_: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    Ok(version_of(object).map_or_else(Node::default, |it| text(&it.version.full, it.origin)))
}

#[derive(Debug)]
struct VersionSet {
    list: List,
}

impl Object for VersionSet {
    fn type_name(&self) -> &'static str {
        "common.VersionSet"
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        static HAS: Method = Method { name: "Has", parameters: &[Type::String], variadic: false, call: has };
        (name == "Has").then_some(&HAS)
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::List(self.list.clone()))
    }
}

fn has(exec: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    let wanted = args.str(0);
    let set = (object as &dyn Any).downcast_ref::<VersionSet>();
    let items = set.map_or(&[][..], |set| set.list.items());
    let found = items.iter().any(|item| item.value.as_str() == Some(&wanted));
    let origin = exec.derive_from(items.first().map(Node::origin).into_iter().chain([wanted.origin()]));
    Ok(Node::new(found, origin))
}

#[derive(Debug)]
struct HelmVersion {
    origin: OriginId,
}

impl Object for HelmVersion {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn field(&self, name: &str) -> Option<Node> {
        self.fields().into_iter().find(|(field, _)| *field == name).map(|(_, node)| node)
    }

    fn fields(&self) -> Vec<(&'static str, Node)> {
        let fields = [
            ("Version", HELM_VERSION),
            ("GitCommit", ""),
            ("GitTreeState", "clean"),
            ("GoVersion", GO_VERSION),
            ("KubeClientVersion", CLIENT_VERSION),
        ];
        fields.into_iter().map(|(name, value)| (name, text(value, self.origin))).collect()
    }

    fn json_fields(&self) -> Vec<(&'static str, Node)> {
        let names = ["version", "git_commit", "git_tree_state", "go_version", "kube_client_version"];
        let fields = names.into_iter().zip(self.fields()).map(|(name, (_, node))| (name, node));
        fields.filter(|(name, _)| *name != "git_commit").collect()
    }
}

/// The API versions that Helm 4.3.1 knows without a cluster (client-go of Kubernetes 1.37 and the
/// apiextensions groups), in its order.
const API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_kubernetes_reads_them() {
        let read =
            |text: &str| KubeVersion::parse(text).map(|it| (it.full, it.normalized, it.major, it.minor));
        let owned =
            |a: &str, b: &str, c: &str, d: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
        assert_eq!(read("1.29.3-gke.100"), owned("v1.29.3-gke.100", "v1.29.3", "1", "29"));
        assert_eq!(read("v1.30"), owned("v1.30", "v1.30", "1", "30"));
        assert_eq!(read("1.027+"), owned("v1.027+", "v1.27", "1", "27"));
        assert_eq!(read("x"), Err("could not parse \"x\" as version".to_owned()));
        assert_eq!(read("1"), Err("illegal version string \"1\"".to_owned()));
        assert!(read("01.2").is_err() && read("").is_err());
    }
}
