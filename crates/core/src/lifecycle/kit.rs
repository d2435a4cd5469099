//! Somebody asks for all that a kit names: one request, one grant a flow, all or none.

use std::cell::OnceCell;

use crate::board::Board;
use crate::check::{self, Check, No, On};
use crate::command::{Command, Request, RequestKit};
use crate::explain::Explanation;
use crate::flow::beside::Kit;
use crate::id::{FlowId, GrantId};
use crate::lifecycle::items::{self, Items, Known};
use crate::lifecycle::{counterfactual, request};
use crate::limits;
use crate::machine::Fault;
use crate::refusal::{Code, Refusal, WouldPass};
use crate::world::World;

/// The checks of the whole; then each grant has those of a request, over the grants that came before it.
const CHECKS: &[Check<RequestKit>] = &[
    Check { codes: &[Code::CommandReused], run: check::reused },
    Check { codes: &[Code::FlowUnknown], run: |on, ask| kit(on.board.world, ask).map(|_| ()) },
    Check { codes: &[Code::RequestTooLarge], run: size },
];

/// One grant of a kit: its request, and the items that the kit names.
pub(crate) struct Part {
    pub(crate) ask: Request,
    items: Items,
}

pub(crate) fn decide(board: &mut Board<'_>, command: &Command, ask: &RequestKit) -> Result<Vec<GrantId>, No> {
    let before = board.clone();
    whole(board, command, ask).map_err(|no| counterfactual::advised(no, &before, command, ask))
}

/// All that must pass for the whole, and nothing is done.
pub(crate) fn passes(on: &On<'_>, ask: &RequestKit) -> Result<(), No> {
    check::all(CHECKS, on, ask)?;
    let mut board = on.board.clone();
    for part in parts(board.world, on.command, ask)? {
        part.decide(&mut board, on.command, on.assumed)?;
    }
    Ok(())
}

fn whole(board: &mut Board<'_>, command: &Command, ask: &RequestKit) -> Result<Vec<GrantId>, No> {
    check::all(CHECKS, &On::new(board, command), ask)?;
    let parts = parts(board.world, command, ask)?;
    parts.iter().map(|part| part.decide(board, command, None)).collect()
}

/// The checks of the first grant that is refused, or of the last.
pub(crate) fn explain(
    board: &mut Board<'_>,
    command: &Command,
    ask: &RequestKit,
) -> Result<Explanation, Fault> {
    let mut shown = check::explain(CHECKS, &On::new(board, command), ask)?;
    let before = board.clone();
    let told = |refusal: Refusal| counterfactual::told(refusal, &before, command, ask);
    if shown.refused.is_some() {
        return Ok(shown.refused_as(told));
    }
    for part in parts(board.world, command, ask).unwrap_or_default() {
        shown = {
            let on = On { items: OnceCell::from(part.items.clone()), ..On::new(board, command) };
            check::explain(request::CHECKS, &on, &part.ask)?
        };
        match part.decide(board, command, None) {
            Ok(_) => {}
            Err(No::Refused(refusal)) => {
                shown.refused = Some(*refusal);
                break;
            }
            Err(No::Fault(fault)) => return Err(fault),
        }
    }
    Ok(shown.refused_as(told))
}

/// One request for each flow of the kit, in the order in which the flows appear.
pub(crate) fn parts(world: &World, command: &Command, ask: &RequestKit) -> Result<Vec<Part>, No> {
    let kit = kit(world, ask)?;
    let mut flows: Vec<&FlowId> = Vec::new();
    for item in &kit.items {
        if !flows.contains(&&item.flow) {
            flows.push(&item.flow);
        }
    }
    let prefix = ask.grant.clone().unwrap_or_else(|| GrantId::of(&world.namespace, &command.id));
    let known = Known::of(&ask.resources);
    flows.into_iter().map(|flow| part(kit, ask, &prefix, flow, &known)).collect()
}

fn kit<'w>(world: &'w World, ask: &RequestKit) -> Result<&'w Kit, No> {
    let known = world.policy.beside().and_then(|beside| beside.kits.get(&ask.kit));
    known.ok_or_else(|| {
        let words = format!("there is no kit `{}`", ask.kit);
        Refusal::new(Code::FlowUnknown, words).with("kit", ask.kit.as_str()).into()
    })
}

fn size(on: &On<'_>, ask: &RequestKit) -> Result<(), No> {
    items::bounded(&ask.resources)?;
    parts(on.board.world, on.command, ask).map(|_| ())
}

fn part(kit: &Kit, ask: &RequestKit, prefix: &GrantId, flow: &FlowId, known: &Known<'_>) -> Result<Part, No> {
    let grant = GrantId::new(format!("{prefix}.{flow}")).map_err(|_| {
        let most = limits::ID_BYTES_MAX;
        let words =
            format!("the grant id `{prefix}` is too long: with `.{flow}` it has more than {most} bytes");
        Refusal::new(Code::RequestTooLarge, words)
    })?;
    let of_flow = kit.items.iter().filter(|item| item.flow == *flow).map(|item| item.item.clone());
    let items = Items::listed(of_flow, known);
    let ask = Request {
        grant: Some(grant),
        flow: flow.clone(),
        items: items.list.clone(),
        span: ask.span,
        start: ask.start,
        reason: ask.reason.clone(),
        fields: ask.fields.clone(),
        holder: ask.holder.clone(),
        break_glass: false,
        resources: Vec::new(),
    };
    Ok(Part { ask, items })
}

impl Part {
    /// The refusal says by which flow.
    fn decide(
        &self,
        board: &mut Board<'_>,
        command: &Command,
        assumed: Option<&WouldPass>,
    ) -> Result<GrantId, No> {
        let items = OnceCell::from(self.items.clone());
        request::decide_on(board, command, &self.ask, items, assumed).map_err(|no| match no {
            No::Refused(mut refusal) => {
                refusal.details.entry("flow").or_insert_with(|| self.ask.flow.as_str().into());
                No::Refused(refusal)
            }
            No::Fault(fault) => No::Fault(fault),
        })
    }
}

#[cfg(test)]
mod tests;
