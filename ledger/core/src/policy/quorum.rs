//! Groups and quorum: which sets of witnesses suffice.

use super::Word;

/// Which witnesses suffice: a tree of groups over the policy's witnesses, or nothing required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// The witnesses first, in their order, then the groups. Groups refer only to what stands before them,
    /// so one pass in this order decides all of them, and there is no recursion.
    groups: Vec<Group>,
    witnesses: usize,
    rule: Rule,
}

/// At least `threshold` of the members, which are nodes: witnesses, then groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: Word,
    pub(super) threshold: usize,
    pub(super) members: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// `quorum none`
    None,
    /// A witness or a group.
    Node(usize),
}

/// How far a checkpoint meets the quorum, for display as 'k of n'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuorumStatus {
    /// Whether the rule is met.
    pub satisfied: bool,
    /// Members of the outermost group that witnessed the checkpoint.
    pub witnessed: usize,
    /// How many of them are needed; 0 where the policy requires no witness.
    pub threshold: usize,
    /// How many members there are.
    pub members: usize,
}

impl Quorum {
    pub(super) fn new(witnesses: usize, groups: Vec<Group>, rule: Rule) -> Self {
        Self { groups, witnesses, rule }
    }

    pub(super) fn none(witnesses: usize) -> Self {
        Self::new(witnesses, Vec::new(), Rule::None)
    }

    /// One group, named `quorum`, of all witnesses.
    pub(super) fn of_all(witnesses: usize, threshold: usize) -> Self {
        let name = Word(b"quorum".to_vec());
        let members = (0..witnesses).collect();
        let group = Group { name, threshold, members };
        Self::new(witnesses, vec![group], Rule::Node(witnesses))
    }

    /// Whether no cosignature is required: then nobody but the log vouches for a checkpoint.
    pub fn is_none(&self) -> bool {
        self.rule == Rule::None
    }

    /// Holds the witnesses that cosigned, by their position in the policy, against the rule.
    pub(crate) fn evaluate(&self, cosigned: &[bool]) -> QuorumStatus {
        let mut nodes = cosigned.to_vec();
        for group in &self.groups {
            nodes.push(group.witnessed(&nodes) >= group.threshold);
        }
        let (witnessed, threshold, members) = match self.rule {
            Rule::None => (0, 0, 0),
            Rule::Node(node) => match node.checked_sub(self.witnesses) {
                None => (usize::from(nodes[node]), 1, 1),
                Some(group) => self.groups[group].status(&nodes),
            },
        };
        let satisfied = witnessed >= threshold;
        QuorumStatus { satisfied, witnessed, threshold, members }
    }

    /// The `group` lines and the `quorum` line, as words.
    pub(super) fn format(&self, witnesses: &[&Word]) -> Vec<Vec<Vec<u8>>> {
        let groups = self.groups.iter().map(|group| &group.name);
        let names: Vec<&Word> = witnesses.iter().copied().chain(groups).collect();
        let mut lines = Vec::new();
        for group in &self.groups {
            let threshold = group.threshold.to_string().into_bytes();
            let mut line = vec![b"group".to_vec(), group.name.0.clone(), threshold];
            line.extend(group.members.iter().map(|&node| names[node].0.clone()));
            lines.push(line);
        }
        let rule = match self.rule {
            Rule::None => b"none".to_vec(),
            Rule::Node(node) => names[node].0.clone(),
        };
        lines.push(vec![b"quorum".to_vec(), rule]);
        lines
    }
}

impl Group {
    fn witnessed(&self, nodes: &[bool]) -> usize {
        self.members.iter().filter(|&&node| nodes[node]).count()
    }

    fn status(&self, nodes: &[bool]) -> (usize, usize, usize) {
        (self.witnessed(nodes), self.threshold, self.members.len())
    }
}
