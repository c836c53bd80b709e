//! The closed list of what rules look at, and of where paths start.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a rule looks at, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Every object.
    Object,
    /// Every object that holds a pod.
    Workload,
    /// Every pod spec.
    Pod,
    /// Every container: init, main and ephemeral.
    Container,
    /// The security context of the pod and of each container, where it is written.
    SecurityContext,
    /// Every port of a container.
    ContainerPort,
    /// Every `httpGet` and `tcpSocket` of a container's probes and hooks.
    Handler,
    /// Every entry of a container's `capabilities.add`.
    AddedCapability,
    /// Every entry of a container's `capabilities.drop`.
    DroppedCapability,
    /// Every volume of a pod.
    Volume,
    /// Every kernel parameter a pod sets.
    Sysctl,
    /// Every Dockerfile. Such rules are Rust.
    Dockerfile,
    /// Every key of a chart's `values.yaml` that no template can read. Being one is the weakness: such
    /// a rule has no test.
    UnreadDefault,
    /// Every key of another values file of a chart that no template can read and `values.yaml` does not
    /// have.
    UnreadOverride,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 14] = [
        Self::Object,
        Self::Workload,
        Self::Pod,
        Self::Container,
        Self::SecurityContext,
        Self::ContainerPort,
        Self::Handler,
        Self::AddedCapability,
        Self::DroppedCapability,
        Self::Volume,
        Self::Sysctl,
        Self::Dockerfile,
        Self::UnreadDefault,
        Self::UnreadOverride,
    ];

    /// Where the subject's own paths start.
    pub(super) fn root(self) -> Root {
        match self {
            Self::Object | Self::Workload | Self::Dockerfile | Self::UnreadDefault | Self::UnreadOverride => {
                Root::Object
            }
            Self::Pod => Root::Pod,
            Self::Container => Root::Container,
            Self::SecurityContext => Root::SecurityContext,
            Self::ContainerPort => Root::ContainerPort,
            Self::Handler => Root::Handler,
            Self::AddedCapability | Self::DroppedCapability => Root::Capability,
            Self::Volume => Root::Volume,
            Self::Sysctl => Root::Sysctl,
        }
    }

    /// Whether its subjects are keys of values files; all others are parts of objects.
    #[must_use]
    pub fn is_values_key(self) -> bool {
        matches!(self, Self::UnreadDefault | Self::UnreadOverride)
    }

    /// Whether its subjects have a path start of this kind above or at them.
    pub(super) fn has(self, root: Root) -> bool {
        let in_container = matches!(
            self,
            Self::Container
                | Self::ContainerPort
                | Self::Handler
                | Self::AddedCapability
                | Self::DroppedCapability
        );
        match root {
            Root::Object => !self.is_values_key(),
            Root::Pod | Root::PodMetadata => {
                !matches!(self, Self::Object | Self::Workload) && !self.is_values_key()
            }
            Root::Container => in_container,
            other => self.root() == other,
        }
    }
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// The object.
    Object,
    /// The metadata of the pod or its template.
    PodMetadata,
    /// The pod spec.
    Pod,
    /// The container.
    Container,
    /// A security context.
    SecurityContext,
    /// A port.
    ContainerPort,
    /// An `httpGet` or `tcpSocket`.
    Handler,
    /// A capability's name.
    Capability,
    /// A volume.
    Volume,
    /// A kernel parameter.
    Sysctl,
}

impl Root {
    /// Number of path starts.
    pub(super) const COUNT: usize = 10;

    /// Its number.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}

/// Paths of the handlers in a container.
pub(super) const HANDLERS: [&[&str]; 10] = [
    &["livenessProbe", "httpGet"],
    &["livenessProbe", "tcpSocket"],
    &["readinessProbe", "httpGet"],
    &["readinessProbe", "tcpSocket"],
    &["startupProbe", "httpGet"],
    &["startupProbe", "tcpSocket"],
    &["lifecycle", "postStart", "httpGet"],
    &["lifecycle", "postStart", "tcpSocket"],
    &["lifecycle", "preStop", "httpGet"],
    &["lifecycle", "preStop", "tcpSocket"],
];
