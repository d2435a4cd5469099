use super::*;
use crate::record::proof::{Recipe, is_consistent, is_included};

/// The tree of RFC 6962, section 2.1, as it is written there.
fn mth(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => Hash(Sha256::digest([]).into()),
        [leaf] => leaf_hash(leaf),
        more => {
            let mut split = 1;
            while split * 2 < more.len() {
                split *= 2;
            }
            node_hash(mth(&more[..split]), mth(&more[split..]))
        }
    }
}

struct Tree {
    leaves: Vec<Vec<u8>>,
    sealed: Vec<Vec<Hash>>,
    frontier: Frontier,
}

impl Tree {
    fn of(size: u64) -> Self {
        let mut tree = Self { leaves: Vec::new(), sealed: Vec::new(), frontier: Frontier::default() };
        for n in 0..size {
            let leaf = format!("leaf {n}").into_bytes();
            tree.sealed.push(tree.frontier.append(leaf_hash(&leaf)));
            tree.leaves.push(leaf);
        }
        tree
    }

    fn node(&self, node: Node) -> Hash {
        let flat = self.sealed.iter().flatten().nth(usize::try_from(node.place().unwrap()).unwrap());
        let sealed = &self.sealed[usize::try_from(node.position() - 1).unwrap()];
        assert_eq!(flat, sealed.get(usize::try_from(node.level).unwrap()));
        self.sealed[usize::try_from(node.position() - 1).unwrap()][usize::try_from(node.level).unwrap()]
    }

    fn read(&self, nodes: impl IntoIterator<Item = Node>) -> Vec<Hash> {
        nodes.into_iter().map(|node| self.node(node)).collect()
    }

    fn root(&self, size: u64) -> Hash {
        mth(&self.leaves[..usize::try_from(size).unwrap()])
    }

    fn prove(&self, recipe: Option<Recipe>) -> Vec<Hash> {
        let recipe = recipe.unwrap();
        recipe.proof(&self.read(recipe.nodes())).unwrap()
    }
}

const SIZE: u64 = 35;

#[test]
fn a_root_is_that_of_the_standard() {
    let tree = Tree::of(SIZE);
    for size in 0..=SIZE {
        let some = Tree::of(size);
        assert_eq!(some.frontier.root(), tree.root(size), "{size}");
        // What a store reads to go on is what is there after so many.
        let again = Frontier::new(size, tree.read(Node::peaks(size)));
        assert_eq!(again.as_ref(), Some(&some.frontier), "{size}");
    }
    // Of the standard's own test data: the empty tree, and the leaf that is empty.
    assert_eq!(
        Frontier::default().root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        leaf_hash(b"").to_string(),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
}

#[test]
fn every_record_is_proved_in_every_tree_and_nowhere_else() {
    let tree = Tree::of(SIZE);
    for size in 1..=SIZE {
        let root = tree.root(size);
        for position in 1..=size {
            let leaf = tree.node(Node { level: 0, index: position - 1 });
            let proof = tree.prove(Recipe::inclusion(position, size));
            assert!(is_included(leaf, position, size, root, &proof), "{position} of {size}");
            let other = position % size + 1;
            assert!(size == 1 || !is_included(leaf, other, size, root, &proof), "{position} of {size}");
            assert!(!is_included(root, position, size, leaf, &proof) || size == 1);
            for n in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[n] = leaf_hash(b"other");
                assert!(!is_included(leaf, position, size, root, &wrong));
                wrong.remove(n);
                assert!(!is_included(leaf, position, size, root, &wrong));
            }
            let longer: Vec<_> = proof.iter().copied().chain([root]).collect();
            assert!(!is_included(leaf, position, size, root, &longer));
        }
        assert_eq!(Recipe::inclusion(0, size), None);
        assert_eq!(Recipe::inclusion(size + 1, size), None);
    }
}

#[test]
fn every_tree_is_proved_the_beginning_of_every_later_one() {
    let tree = Tree::of(SIZE);
    for size in 0..=SIZE {
        for old in 0..=size {
            let (before, after) = ((old, tree.root(old)), (size, tree.root(size)));
            let proof = tree.prove(Recipe::consistency(old, size));
            assert!(is_consistent(before, after, &proof), "{old} of {size}");
            let other = leaf_hash(b"other");
            assert!(!is_consistent((old, other), after, &proof), "{old} of {size}");
            if old > 0 {
                assert!(!is_consistent(before, (size, other), &proof), "{old} of {size}");
            }
            for n in 0..proof.len() {
                let mut wrong = proof.clone();
                wrong[n] = other;
                assert!(!is_consistent(before, after, &wrong));
                wrong.remove(n);
                assert!(!is_consistent(before, after, &wrong));
            }
            let longer: Vec<_> = proof.iter().copied().chain([other]).collect();
            assert!(!is_consistent(before, after, &longer));
        }
        assert_eq!(Recipe::consistency(size + 1, size), None);
    }
}

#[test]
fn hashes_read_back() {
    let hash = leaf_hash(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for bad in ["", "00", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65), "é"] {
        assert!(bad.parse::<Hash>().is_err(), "{bad}");
    }
}
