//! What every store must do, told as stories that run on any of them.
//!
//! ```
//! # use std::sync::Arc;
//! use tenure_store::suite::{self, House};
//! use tenure_store::{Compile, ManualClock, MemoryStore, StoreFault};
//!
//! struct Memory;
//!
//! impl House for Memory {
//!     type Kept = MemoryStore;
//!
//!     fn open(&self, clock: Arc<ManualClock>) -> MemoryStore {
//!         MemoryStore::with_clock(clock)
//!     }
//!
//!     fn reopen(
//!         &self,
//!         kept: MemoryStore,
//!         clock: Arc<ManualClock>,
//!         compile: Arc<dyn Compile>,
//!     ) -> Result<MemoryStore, StoreFault> {
//!         MemoryStore::from_bytes(&kept.to_bytes()?, clock, &*compile)
//!     }
//! }
//!
//! suite::run(&Memory);
//! ```

mod atomic;
/// For tests of one store alone.
#[doc(hidden)]
pub mod cast;
mod compacted;
mod indexes;
mod lists;
mod namespaces;
mod outbox;
mod quotas;
pub(crate) mod receipts;
mod records;
mod reopened;
mod revoked;
mod sealed;
/// For tests of one store alone.
#[doc(hidden)]
pub mod story;
mod through;
pub(crate) mod time;
mod walk;

use std::sync::Arc;

pub use self::through::Through;
use crate::clock::ManualClock;
use crate::fault::StoreFault;
use crate::store::{Compile, Store};

/// Where the stores of one kind are made.
pub trait House {
    /// The kind of store.
    type Kept: Store;

    /// A store with nothing in it.
    fn open(&self, clock: Arc<ManualClock>) -> Self::Kept;

    /// The same store, closed and opened again.
    ///
    /// # Errors
    /// [`StoreFault`], which fails the story.
    fn reopen(
        &self,
        kept: Self::Kept,
        clock: Arc<ManualClock>,
        compile: Arc<dyn Compile>,
    ) -> Result<Self::Kept, StoreFault>;

    /// After how many commands of a long life every index is looked at. Where each question is a journey, not after each.
    fn looks_every(&self) -> u32 {
        1
    }
}

/// Runs every story on stores of that house.
///
/// # Panics
/// Where a store does not do what it must: the message says what, the place says in which story.
pub fn run(house: &impl House) {
    namespaces::r06_nothing_of_one_namespace_is_there_for_another(house);
    atomic::a_batch_sees_what_came_before_it_in_the_batch(house);
    atomic::limits_count_what_came_before_in_the_batch(house);
    atomic::a_plan_that_breaks_off_writes_nothing(house);
    atomic::a_question_writes_nothing(house);
    atomic::a_command_given_again_answers_the_same(house);
    atomic::what_a_decision_needs_is_there(house);
    time::r17_an_expiry_is_decided_again_in_the_commit(house);
    time::access_is_over_without_a_sweep(house);
    time::access_that_waits_for_its_start_begins_without_a_sweep(house);
    time::a_bridge_is_over_when_its_decision_is_due_without_a_sweep(house);
    time::r45_a_host_ahead_of_its_store_changes_nothing(house);
    quotas::the_past_is_there_as_far_back_as_is_asked(house);
    quotas::quotas_remember_what_is_closed_over_a_restart(house);
    quotas::quotas_count_what_came_before_in_the_batch(house);
    receipts::r25_a_command_id_is_kept_as_long_as_what_it_guards(house);
    records::positions_count_from_one_without_a_gap(house);
    records::after_twenty_refusals_of_a_minute_the_rest_is_one_record(house);
    records::minutes_of_refusals_are_told_by_minute_actor_and_code(house);
    records::a_history_is_the_records_of_one_grant(house);
    sealed::i15_records_are_sealed_in_the_commit(house);
    sealed::what_people_wrote_is_erased_and_the_record_stays_whole(house);
    sealed::the_reason_of_a_revocation_of_many_is_erased_too(house);
    compacted::r04_compacting_changes_no_answer(house);
    lists::filters_and_cursors(house);
    lists::people_who_wait_are_listed_once_and_in_order(house);
    outbox::what_is_ready_follows_leases_and_pauses(house);
    outbox::places_are_listed_once_and_in_order(house);
    reopened::r19_ends_are_the_same_after_a_restart(house);
    reopened::i7_what_is_stored_is_what_the_events_say(house);
    revoked::what_was_revoked_is_over_before_it_is_closed(house);
    revoked::what_comes_after_in_the_batch_meets_what_was_revoked(house);
    revoked::two_revocations_at_one_instant_keep_their_order_over_a_restart(house);
    walk::r02_every_index_is_right_after_every_command(house);
}
