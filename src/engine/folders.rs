//! [`Folders`]: how near files are to each other, by the folders that they have in common.

use std::collections::HashMap;

/// The folders of files. A file is known by its place among them.
pub(super) struct Folders {
    /// The folder that each file lies in.
    of_files: Vec<usize>,
    /// Each folder: the one that it lies in, and how many there are above it. The first lies nowhere.
    all: Vec<(usize, usize)>,
}

impl Folders {
    /// Those of files with these names, whose steps are parted by `/`.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut known: HashMap<(usize, &str), usize> = HashMap::new();
        let mut all = vec![(0, 0)];
        let folder = |name: &'n str| {
            let path = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            path.split('/').enumerate().fold(0, |above, (depth, step)| {
                *known.entry((above, step)).or_insert_with(|| {
                    all.push((above, depth + 1));
                    all.len() - 1
                })
            })
        };
        Self { of_files: names.map(folder).collect(), all }
    }

    fn of_file(&self, file: usize) -> usize {
        self.of_files.get(file).copied().unwrap_or(0)
    }

    fn get(&self, folder: usize) -> (usize, usize) {
        self.all.get(folder).copied().unwrap_or((0, 0))
    }

    /// The folder with so many above it, itself included, that a file lies in; its own where there are not so many.
    pub fn above(&self, file: usize, depth: usize) -> usize {
        let mut folder = self.of_file(file);
        while let (above, own) = self.get(folder)
            && own > depth
        {
            folder = above;
        }
        folder
    }

    /// How near each folder is to some files: how many folders its files have in common with the nearest of them.
    pub fn near_to(&self, files: impl Iterator<Item = usize>) -> Nearness {
        let mut holds = vec![false; self.all.len()];
        for file in files {
            let mut folder = self.of_file(file);
            while let Some(known) = holds.get_mut(folder).filter(|known| !**known) {
                *known = true;
                folder = self.get(folder).0;
            }
        }
        let mut common = Vec::with_capacity(self.all.len());
        // Folders come behind those that they lie in.
        for (&(above, depth), holds) in self.all.iter().zip(holds) {
            common.push(if holds { depth } else { common.get(above).copied().unwrap_or(0) });
        }
        Nearness(common)
    }

    /// How many folders a file has in common with the nearest of the files of a [`Nearness`].
    pub fn nearest(&self, file: usize, nearness: &Nearness) -> usize {
        nearness.0.get(self.of_file(file)).copied().unwrap_or(0)
    }
}

/// How near each folder is to some files.
pub(super) struct Nearness(Vec<usize>);

#[cfg(test)]
mod tests {
    use super::*;

    /// How many folders two files have in common, step by step.
    fn common(folders: &Folders, one: usize, other: usize) -> usize {
        let (mut one, mut other) = (folders.of_file(one), folders.of_file(other));
        while one != other {
            let ((above_one, depth_of_one), (above_other, depth_of_other)) =
                (folders.get(one), folders.get(other));
            if depth_of_one >= depth_of_other {
                one = above_one;
            }
            if depth_of_other >= depth_of_one {
                other = above_other;
            }
        }
        folders.get(one).1
    }

    #[test]
    fn folders_in_common_are_counted_step_by_step() {
        let folders =
            Folders::of(["a/b/c.yaml", "a/b/d/e.yaml", "a/f.yaml", "ab/c.yaml", "g.yaml"].into_iter());
        assert_eq!(common(&folders, 0, 0), 2);
        assert_eq!(common(&folders, 0, 1), 2);
        assert_eq!(common(&folders, 1, 2), 1);
        assert_eq!(common(&folders, 2, 3), 0);
        assert_eq!(common(&folders, 4, 0), 0);
        assert_eq!(common(&folders, 4, 4), 1);
    }

    #[test]
    fn files_lie_in_one_folder_as_far_as_they_have_folders_in_common() {
        let names = ["a/b/c.yaml", "a/b/d/e.yaml", "a/f.yaml", "ab/c.yaml", "g.yaml"];
        let folders = Folders::of(names.into_iter());
        for (one, other) in (0..names.len()).flat_map(|one| (0..names.len()).map(move |other| (one, other))) {
            let depth = |file: usize| folders.get(folders.of_file(file)).1;
            for above in 0..=depth(one).min(depth(other)) {
                let same = folders.above(one, above) == folders.above(other, above);
                assert_eq!(same, above <= common(&folders, one, other), "{one} and {other} at {above}");
            }
        }
    }

    #[test]
    fn the_nearest_of_several_files_is_the_one_with_most_in_common() {
        let names = ["a/b/c.yaml", "a/b/d/e.yaml", "a/f.yaml", "g/h.yaml"];
        let folders = Folders::of(names.into_iter());
        for chosen in [vec![], vec![3], vec![0, 3], vec![2], vec![1, 2]] {
            let nearness = folders.near_to(chosen.iter().copied());
            for file in 0..names.len() {
                let most = chosen.iter().map(|&other| common(&folders, file, other)).max();
                assert_eq!(folders.nearest(file, &nearness), most.unwrap_or(0), "{file} of {chosen:?}");
            }
        }
    }
}
