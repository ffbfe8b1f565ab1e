//! Which files refer to which, and in which order their addresses can be taken.

/// Files by number, and for each the files that it refers to.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Where the targets of each file begin in `targets`; one more for the end.
    starts: Vec<usize>,
    targets: Vec<u32>,
}

/// Files that refer to one another in a circle, or one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its files, by number, ascending.
    pub files: Vec<u32>,
    /// Whether there is a reference among its files: one to itself, where it is a single file.
    pub is_circle: bool,
    /// How long the longest chain of units is that lead on from it; 0 where it refers to no other.
    pub level: u32,
}

impl Graph {
    /// Takes the targets of each file, in order of the files' numbers.
    pub fn new<I: IntoIterator<Item = u32>>(targets_of: impl IntoIterator<Item = I>) -> Self {
        let mut graph = Self { starts: vec![0], targets: Vec::new() };
        for targets in targets_of {
            graph.targets.extend(targets);
            graph.starts.push(graph.targets.len());
        }
        graph
    }

    fn targets(&self, file: u32) -> &[u32] {
        &self.targets[self.starts[file as usize]..self.starts[file as usize + 1]]
    }

    /// The units of the graph, each after all those that it refers to. Tarjan's algorithm, without recursion: chains
    /// can be as long as there are files.
    pub fn units(&self) -> Vec<Unit> {
        let count = self.starts.len() - 1;
        let mut search = Search {
            graph: self,
            index: vec![UNSEEN; count],
            low: vec![0; count],
            level: vec![0; count],
            on_stack: vec![false; count],
            stack: Vec::new(),
            next: 0,
            units: Vec::new(),
        };
        for file in 0..count as u32 {
            if search.index[file as usize] == UNSEEN {
                search.run(file);
            }
        }
        search.units
    }
}

const UNSEEN: u32 = u32::MAX;

struct Search<'a> {
    graph: &'a Graph,
    index: Vec<u32>,
    low: Vec<u32>,
    /// The level of each file's unit, once that is complete.
    level: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    next: u32,
    units: Vec<Unit>,
}

impl Search<'_> {
    fn run(&mut self, root: u32) {
        // Files under way, each with how many of its targets have been dealt with.
        let mut path: Vec<(u32, usize)> = vec![(root, 0)];
        self.enter(root);
        while let Some((file, done)) = path.last_mut() {
            let file = *file;
            let Some(&target) = self.graph.targets(file).get(*done) else {
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    self.low[parent as usize] = self.low[parent as usize].min(self.low[file as usize]);
                }
                if self.low[file as usize] == self.index[file as usize] {
                    self.complete(file);
                }
                continue;
            };
            *done += 1;
            if self.index[target as usize] == UNSEEN {
                self.enter(target);
                path.push((target, 0));
            } else if self.on_stack[target as usize] {
                self.low[file as usize] = self.low[file as usize].min(self.index[target as usize]);
            }
        }
    }

    fn enter(&mut self, file: u32) {
        self.index[file as usize] = self.next;
        self.low[file as usize] = self.next;
        self.next += 1;
        self.stack.push(file);
        self.on_stack[file as usize] = true;
    }

    /// Takes the unit whose first file is `root` off the stack.
    fn complete(&mut self, root: u32) {
        let start =
            self.stack.iter().rposition(|&file| file == root).expect("the root stays until its unit is complete");
        let mut files = self.stack.split_off(start);
        files.sort_unstable();
        let mut level = 0;
        let mut is_circle = files.len() > 1;
        for &file in &files {
            for &target in self.graph.targets(file) {
                is_circle |= target == file;
                if !self.on_stack[target as usize] {
                    level = level.max(self.level[target as usize] + 1);
                }
            }
        }
        for &file in &files {
            self.on_stack[file as usize] = false;
            self.level[file as usize] = level;
        }
        self.units.push(Unit { files, is_circle, level });
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn unit(files: &[u32], is_circle: bool, level: u32) -> Unit {
        Unit { files: files.to_vec(), is_circle, level }
    }

    #[test]
    fn what_is_referred_to_comes_first() {
        // 0 → 1 ⇄ 2 → 3, 4 → 4, 5
        let graph = Graph::new([vec![1], vec![2], vec![1, 3], vec![], vec![4], vec![]]);
        let expected = [
            unit(&[3], false, 0),
            unit(&[1, 2], true, 1),
            unit(&[0], false, 2),
            unit(&[4], true, 0),
            unit(&[5], false, 0),
        ];
        assert_eq!(graph.units(), expected);
    }

    #[test]
    fn neither_a_long_chain_nor_a_large_circle_needs_a_deep_stack() {
        let length = 50_000;
        let on_a_small_stack = |graph: Graph| {
            let thread = std::thread::Builder::new().stack_size(64 << 10);
            thread.spawn(move || graph.units()).expect("a thread").join().expect("no overflow")
        };
        let chain = on_a_small_stack(Graph::new((0..length).map(|file| (file + 1 < length).then_some(file + 1))));
        assert_eq!((chain.len(), chain[length as usize - 1].level), (length as usize, length - 1));
        let circle = on_a_small_stack(Graph::new((0..length).map(|file| [(file + 1) % length])));
        assert_eq!((circle.len(), circle[0].files.len()), (1, length as usize));
    }

    proptest! {
        #[test]
        fn units_are_those_that_reach_one_another(edges in vec(vec(0_u32..12, 0..4), 12)) {
            let mut reaches = [[false; 12]; 12];
            for (from, targets) in edges.iter().enumerate() {
                for &to in targets {
                    reaches[from][to as usize] = true;
                }
            }
            let pairs = || (0..12).flat_map(|from| (0..12).map(move |to| (from, to)));
            for via in 0..12 {
                for (from, to) in pairs() {
                    reaches[from][to] |= reaches[from][via] && reaches[via][to];
                }
            }
            let units = Graph::new(edges.iter().map(|targets| targets.iter().copied())).units();
            let place = |file: usize| units.iter().position(|unit| unit.files.contains(&(file as u32)));
            for (one, other) in pairs() {
                let own = place(one).expect("every file is in a unit");
                let theirs = place(other).expect("every file is in a unit");
                let together = one == other || (reaches[one][other] && reaches[other][one]);
                prop_assert_eq!(own == theirs, together);
                prop_assert_eq!(units[own].is_circle, reaches[one][one]);
                if reaches[one][other] && !together {
                    prop_assert!(theirs < own && units[theirs].level < units[own].level);
                }
            }
            prop_assert_eq!(units.iter().map(|unit| unit.files.len()).sum::<usize>(), 12);
        }
    }
}
