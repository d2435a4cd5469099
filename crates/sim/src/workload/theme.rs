//! What an episode is about. Each switches features on and off, so that those which are on meet each other often.

use std::collections::BTreeSet;

use super::dice::Dice;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a policy of an episode may have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Feature { $($(#[$doc])* $name,)* }

        const ALL: &[Feature] = &[$(Feature::$name,)*];
    };
}

features! {
    /// Conditions of flows, steps, lanes and extensions.
    Conditions,
    /// Types of what conditions see.
    Types,
    Hours,
    Reasons,
    Logins,
    /// People approve; without, all is automatic.
    Steps,
    Lane,
    AnyOf,
    Tiers,
    /// Nothing is extendable without.
    Extension,
    /// Extensions that people decide on.
    Decided,
    Bridge,
    Stricter,
    Limits,
    Quotas,
    Glass,
    /// Planned starts.
    Planned,
    ByHolder,
    OnConfirmation,
    Ephemeral,
    Guards,
    Conflicts,
    Kits,
    Whole,
    /// Flows that end.
    Until,
    Rotation,
    /// Asking for others.
    Behalf,
    /// Targets by labels, by names, and what they leave out.
    Patterns,
    Notices,
}

/// How the host's sweeper works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sweeps {
    Never,
    Sometimes,
    Often,
}

/// How the clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// From deadline to deadline.
    Edges,
    /// Little by little.
    Slow,
    /// With leaps.
    Leaps,
}

/// What an episode is about.
#[derive(Clone, Debug)]
pub(super) struct Theme {
    features: BTreeSet<Feature>,
    pub(super) sweeps: Sweeps,
    pub(super) pace: Pace,
    /// How often something is wrong on purpose, of a hundred.
    pub(super) wrong: u32,
    /// How much of the work of targets is done: the weight of workers among the verbs.
    pub(super) workers: u32,
    /// One of so many steps publishes.
    pub(super) publishes: u32,
    /// The span of which all others are small multiples, in milliseconds: deadlines meet.
    pub(super) unit: u64,
    /// How many steps make the episode.
    pub(super) steps: u32,
    /// What people do, each verb with its weight.
    pub(super) bias: [u32; 4],
}

impl Theme {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let dense = *dice.of(&[35, 50, 50, 70]).unwrap_or(&50);
        let mut features: BTreeSet<Feature> = ALL.iter().copied().filter(|_| dice.chance(dense)).collect();
        if dice.chance(75) {
            features.insert(Feature::Extension);
        }
        if dice.chance(60) {
            features.insert(Feature::Steps);
        }
        if dice.chance(40) {
            features.extend([Feature::Steps, Feature::Extension, Feature::Decided]);
            if dice.chance(60) {
                features.insert(Feature::Bridge);
            }
        }
        Self {
            features,
            sweeps: *dice.of(&[Sweeps::Never, Sweeps::Sometimes, Sweeps::Often]).unwrap_or(&Sweeps::Never),
            pace: *dice.of(&[Pace::Edges, Pace::Edges, Pace::Slow, Pace::Leaps]).unwrap_or(&Pace::Edges),
            wrong: *dice.of(&[2, 4, 8, 18]).unwrap_or(&8),
            workers: *dice.of(&[0, 6, 14, 30]).unwrap_or(&6),
            publishes: *dice.of(&[150, 300, 300, 600]).unwrap_or(&300),
            unit: *dice.of(&[60_000, 300_000, 600_000, 3_600_000]).unwrap_or(&600_000),
            steps: dice.count(200, 2_000),
            bias: [dice.count(1, 4), dice.count(1, 4), dice.count(1, 4), dice.count(1, 4)],
        }
    }

    pub(super) fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// Where the episode has the feature, in so many of a hundred cases.
    pub(super) fn uses(&self, dice: &mut Dice, feature: Feature, percent: u32) -> bool {
        self.has(feature) && dice.chance(percent)
    }
}
