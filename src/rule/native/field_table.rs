//! Fields of pod specs, containers and their security contexts (Kubernetes 1.37, core/v1).

/// `PodSpec`.
pub const POD: [&str; 44] = [
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "containers",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "ephemeralContainers",
    "evictionResponders",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "hostname",
    "hostnameOverride",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "schedulingGroup",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
    "workloadRef",
];

/// `Container`, and the one field more of `EphemeralContainer`.
pub const CONTAINER: [&str; 26] = [
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "targetContainerName",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

/// `PodSecurityContext`.
pub const POD_SECURITY: [&str; 13] = [
    "appArmorProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxChangePolicy",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
    "windowsOptions",
];

/// `SecurityContext` of a container.
pub const CONTAINER_SECURITY: [&str; 12] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
];

/// Whether a field of a pod's security context is one of a container's too, with the same meaning; the container's
/// wins.
pub fn is_of_pod_and_container(field: &str) -> bool {
    POD_SECURITY.contains(&field) && CONTAINER_SECURITY.contains(&field)
}

/// Fields of the pod spec that are found in security contexts by mistake.
pub const POD_ONLY: [&str; 7] = [
    "automountServiceAccountToken",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "serviceAccountName",
    "shareProcessNamespace",
];

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A string.
    Text,
    /// A mapping.
    Map,
    /// A list.
    List,
}

/// What the fields hold that are moved or renamed.
const SHAPES: [(&str, Shape); 26] = [
    ("allowPrivilegeEscalation", Shape::Bool),
    ("appArmorProfile", Shape::Map),
    ("automountServiceAccountToken", Shape::Bool),
    ("capabilities", Shape::Map),
    ("fsGroup", Shape::Int),
    ("fsGroupChangePolicy", Shape::Text),
    ("hostIPC", Shape::Bool),
    ("hostNetwork", Shape::Bool),
    ("hostPID", Shape::Bool),
    ("hostUsers", Shape::Bool),
    ("privileged", Shape::Bool),
    ("procMount", Shape::Text),
    ("readOnlyRootFilesystem", Shape::Bool),
    ("runAsGroup", Shape::Int),
    ("runAsNonRoot", Shape::Bool),
    ("runAsUser", Shape::Int),
    ("seLinuxChangePolicy", Shape::Text),
    ("seLinuxOptions", Shape::Map),
    ("seccompProfile", Shape::Map),
    ("securityContext", Shape::Map),
    ("serviceAccountName", Shape::Text),
    ("shareProcessNamespace", Shape::Bool),
    ("supplementalGroups", Shape::List),
    ("supplementalGroupsPolicy", Shape::Text),
    ("sysctls", Shape::List),
    ("windowsOptions", Shape::Map),
];

/// What a field holds; `None` for fields that are neither moved nor renamed.
pub fn shape(field: &str) -> Option<Shape> {
    SHAPES.iter().find(|(name, _)| *name == field).map(|&(_, shape)| shape)
}
