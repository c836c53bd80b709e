//! [`Patch`]: what must become true of objects. Only the fix layer turns it into edits.

use serde_json::Value;

use crate::dockerfile;
use crate::yaml::FieldPath;

/// One change of one object. `document` is an index into the documents (objects) of the target
/// that the rule was given; paths lead from the object's root.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchOp {
    /// Sets a field: replaces its value, or adds it together with absent parents (mappings).
    Set {
        /// The object.
        document: usize,
        /// The field.
        path: FieldPath,
        /// Its value afterwards.
        value: Value,
    },
    /// Removes a field or an item. A parent mapping left empty goes too when `prune` is set.
    Remove {
        /// The object.
        document: usize,
        /// The field, or the item when the last step is an index.
        path: FieldPath,
        /// Whether parents that would be left empty go too.
        prune: bool,
    },
    /// Appends an item to a list, which is created with absent parents. Nothing changes if the list
    /// holds an equal item.
    Append {
        /// The object.
        document: usize,
        /// The list.
        path: FieldPath,
        /// The item.
        value: Value,
    },
    /// Gives a key another name at its place.
    Rename {
        /// The object.
        document: usize,
        /// The field.
        path: FieldPath,
        /// Its new key.
        to: String,
    },
}

impl PatchOp {
    /// Index of the object it changes, among the documents of the target.
    #[must_use]
    pub fn document(&self) -> usize {
        match self {
            Self::Set { document, .. }
            | Self::Remove { document, .. }
            | Self::Append { document, .. }
            | Self::Rename { document, .. } => *document,
        }
    }

    /// The same on another object.
    #[must_use]
    pub fn on(mut self, index: usize) -> Self {
        match &mut self {
            Self::Set { document, .. }
            | Self::Remove { document, .. }
            | Self::Append { document, .. }
            | Self::Rename { document, .. } => *document = index,
        }
        self
    }

    /// The same on another field.
    #[must_use]
    pub fn at(mut self, field: FieldPath) -> Self {
        match &mut self {
            Self::Set { path, .. }
            | Self::Remove { path, .. }
            | Self::Append { path, .. }
            | Self::Rename { path, .. } => *path = field,
        }
        self
    }

    /// The field it changes.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        match self {
            Self::Set { path, .. }
            | Self::Remove { path, .. }
            | Self::Append { path, .. }
            | Self::Rename { path, .. } => path,
        }
    }
}

/// Operations that belong together: all are made, or none. Indexes in paths mean the object as it
/// was before any of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patch {
    /// The operations on objects.
    pub ops: Vec<PatchOp>,
    /// The operations on the Dockerfile that it is about; one without the other so far.
    pub dockerfile: Vec<dockerfile::Op>,
}

impl Patch {
    /// A patch of one operation.
    #[must_use]
    pub fn one(op: PatchOp) -> Self {
        Self { ops: vec![op], ..Self::default() }
    }

    /// A patch of a Dockerfile.
    #[must_use]
    pub fn of_dockerfile(ops: Vec<dockerfile::Op>) -> Self {
        Self { dockerfile: ops, ..Self::default() }
    }
}
