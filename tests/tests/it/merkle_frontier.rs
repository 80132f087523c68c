//! The right edge against the recursive definition, at every size.

use custody_core::hash::empty_root;
use custody_core::merkle::{Frontier, FrontierError, TreeHead, TreeSize, root_at};

use crate::merkle_tree::{LARGEST, Nodes, head, heads, leaf, leaves, mth};

#[test]
fn frontier_has_the_root_of_every_size() {
    let expected = heads(LARGEST);
    let mut frontier = Frontier::new();
    for size in 0..=LARGEST {
        assert_eq!(frontier.head(), expected[size as usize]);
        frontier.push(leaf(size));
    }
    assert_eq!(Frontier::new().head(), TreeHead::empty());
    assert_eq!(TreeHead::empty().root, empty_root());
}

#[test]
fn frontier_reports_each_complete_node_once() {
    let nodes = Nodes::with_leaves(LARGEST);
    let leaves = leaves(LARGEST);
    for (level, hashes) in nodes.levels.iter().enumerate() {
        let complete: Vec<_> = leaves.chunks_exact(1 << level).map(mth).collect();
        assert_eq!(hashes, &complete, "level {level}");
    }
    assert_eq!(nodes.levels.len(), 8, "130 leaves have complete subtrees of 1 to 128");
}

#[test]
fn root_of_any_earlier_size_comes_from_complete_nodes() {
    let nodes = Nodes::with_leaves(LARGEST);
    for head in heads(LARGEST) {
        assert_eq!(root_at(head.size, &nodes), Ok(head.root));
    }
}

#[test]
fn frontier_continues_from_stored_peaks() {
    for size in 0..LARGEST {
        let nodes = Nodes::with_leaves(size);
        let mut again = Frontier::from_peaks(TreeSize(size), nodes.frontier.peaks()).unwrap();
        assert_eq!(again, nodes.frontier);
        again.push(leaf(size));
        assert_eq!(again.head(), head(&leaves(size + 1)));
    }
}

#[test]
fn frontier_refuses_a_wrong_number_of_peaks() {
    for size in 0..=LARGEST {
        let expected = size.count_ones() as usize;
        for actual in 0..10 {
            let peaks = leaves(actual as u64);
            let size = TreeSize(size);
            let got = Frontier::from_peaks(size, &peaks).map(|frontier| frontier.size());
            let want = match actual == expected {
                true => Ok(size),
                false => Err(FrontierError::Count { size, expected, actual }),
            };
            assert_eq!(got, want);
        }
    }
    let size = TreeSize(Frontier::MAX_SIZE + 1);
    assert_eq!(Frontier::from_peaks(size, &leaves(2)), Err(FrontierError::Size { size }));
    assert_eq!(FrontierError::Size { size }.code(), "frontier-size");
    assert!(Frontier::from_peaks(TreeSize(Frontier::MAX_SIZE), &leaves(1)).is_ok());
}
