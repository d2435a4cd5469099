//! What a store need not keep beside the record: the state of grants that are over for good is what their events lead
//! to, and only quotas still look at it, for as long as they look back.

use crate::grant::Grant;
use crate::lifecycle::quota;
use crate::query::moment;
use crate::time::Timestamp;
use crate::world::World;

/// The instant before which grants may be compacted: the one that is asked, and nothing that a quota of any flow that
/// was ever in force still looks at.
#[must_use]
pub fn before(world: &World, asked: Timestamp, now: Timestamp) -> Timestamp {
    let standing = world.policy.flows.values();
    let flows = standing.flat_map(|standing| standing.history.iter().map(|since| &since.flow));
    let longest = flows.filter_map(|flow| quota::longest(flow)).max();
    let now = moment(world, now);
    asked.min(longest.map_or(now, |per| now.minus(per)))
}

/// Whether this grant ended before that instant and nothing more will ever happen to it: no effect of it is open, and
/// no review.
#[must_use]
pub fn may_go(grant: &Grant, before: Timestamp) -> bool {
    grant.is_settled_for_good() && grant.changed_at < before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Verb;
    use crate::fixture::*;
    use crate::flow::Quota;
    use crate::flow::approval_rule::{Approval, Lane};
    use crate::time::Span;

    #[test]
    fn nothing_that_a_quota_looks_at_is_compacted() {
        let mut tenant = Tenant::new([automatic("db")]);
        let bound = |tenant: &Tenant, asked| {
            let world = tenant.world(|_| Vec::new());
            before(&world, asked, tenant.clock)
        };
        tenant.at(60);
        assert_eq!(bound(&tenant, at(30)), at(30));
        assert_eq!(bound(&tenant, at(90)), at(60), "what is to come has not ended");
        let with = |change: fn(&mut crate::flow::Parts, Quota), minutes| {
            let mut parts = parts("db");
            parts.approval = Approval::Decided(decided(vec![step("only", &["group:sre"])]));
            change(&mut parts, Quota { times: 1, per: mins(minutes) });
            parts
        };
        let requests = with(|parts, quota| parts.limits.requests = Some(quota), 20);
        let extensions = with(|parts, quota| parts.limits.extensions = Some(quota), 30);
        let lane = with(
            |parts, quota| {
                ruling(parts).automatic = Some(Lane { when: None, quota: Some(quota) });
            },
            40,
        );
        for (parts, latest) in [(requests, 40), (extensions, 30), (lane, 20)] {
            tenant.publish([parts]);
            assert_eq!(bound(&tenant, at(60)), at(latest));
        }
        // The quota of a revision that is gone still governs what was granted under it.
        tenant.publish([automatic("db")]);
        assert_eq!(bound(&tenant, at(60)), at(20));
        assert_eq!(bound(&tenant, at(19)), at(19));
    }

    #[test]
    fn a_grant_goes_once_nothing_of_it_is_open() {
        let mut tenant = Tenant::new([automatic("db")]);
        tenant.asks(&alice(), request("db", "g1", &["pg/a/read"]));
        tenant.deliver("alice");
        tenant.at(10).ask(&alice(), give_back("g1")).unwrap();
        assert!(!may_go(tenant.grant("g1"), at(60)), "its removal is not confirmed");
        tenant.at(11).deliver("alice");
        assert!(may_go(tenant.grant("g1"), at(12)));
        assert!(!may_go(tenant.grant("g1"), at(11)), "something happened to it at that instant");
        let mut glassy = automatic("db");
        glassy.break_glass = Some(glass());
        tenant.publish([glassy]);
        tenant.ask(&olga(), Verb::Request(Box::new(emergency("db", "e1", &["pg/a/read"])))).unwrap();
        tenant.deliver("olga");
        tenant.ask(&olga(), give_back("e1")).unwrap();
        tenant.deliver("olga");
        tenant.later(Span::minutes(1));
        assert!(!may_go(tenant.grant("e1"), at(60)), "nobody has looked at it");
    }
}
