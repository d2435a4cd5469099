//! A compiled condition, and its evaluation over facts.

use std::collections::HashSet;
use std::fmt;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, EvalResult, Expression, Request,
    eval_expression,
};
use tenure_core::flow::condition::{Condition, Facts, Unmet};

use super::caps::Scan;
use super::facts::{Pairs, Sight};
use super::stack::{sure_stack, with_sure_stack};
use super::{AttributeTypes, BadCondition, words};

/// A condition that passed every check.
pub(super) struct Compiled {
    source: String,
    /// Taken out when dropped: dropping a tree recurses as evaluating it does.
    expression: Option<Expression>,
    /// Stack that evaluating and dropping it cannot need all of.
    sure: usize,
    sight: Sight,
    looks_at_resource: bool,
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
}

impl Compiled {
    pub(super) fn new(
        text: &str,
        expression: Expression,
        scan: &Scan<'_>,
        types: Option<&AttributeTypes>,
    ) -> Result<Self, BadCondition> {
        Ok(Self {
            source: text.to_owned(),
            expression: Some(expression),
            looks_at_resource: scan.looks_at("resource"),
            sure: sure_stack(scan.depth()),
            sight: Sight::new(scan.mentions(), types),
            principal: uid("Person")?,
            action: uid("Action")?,
            resource: uid("Item")?,
        })
    }

    /// Its answer where no fact matters.
    pub(super) fn constant(&self) -> Result<bool, Unmet> {
        self.answer(Pairs::new(), Pairs::new(), Pairs::new())
    }

    /// Whether it holds, on whatever stack is left.
    pub(super) fn evaluate(&self, facts: &Facts<'_>) -> Result<bool, Unmet> {
        let resource = match facts.resource {
            Some((resource, permission)) => self.sight.resource(resource, permission)?,
            None if self.looks_at_resource => {
                return Err(Unmet { message: "no `resource` is asked for here".to_owned() });
            }
            None => Pairs::new(),
        };
        self.answer(
            self.sight.principal(facts.principal)?,
            resource,
            self.sight.context(facts.context, facts.ask)?,
        )
    }

    fn answer(&self, principal: Pairs, resource: Pairs, context: Pairs) -> Result<bool, Unmet> {
        let Some(expression) = &self.expression else {
            return Err(Unmet { message: "the condition is gone".to_owned() });
        };
        let broken = |error: &dyn fmt::Display| Unmet { message: error.to_string() };
        let entity = |uid: &EntityUid, fields: Pairs| {
            Entity::new(uid.clone(), fields.into_iter().collect(), HashSet::new())
                .map_err(|error| broken(&error))
        };
        let both = [entity(&self.principal, principal)?, entity(&self.resource, resource)?];
        let entities = Entities::from_entities(both, None).map_err(|error| broken(&error))?;
        let context = Context::from_pairs(context).map_err(|error| broken(&error))?;
        let (who, how, what) = (self.principal.clone(), self.action.clone(), self.resource.clone());
        let request = Request::new(who, how, what, context, None).map_err(|error| broken(&error))?;
        match eval_expression(&request, &entities, expression) {
            Ok(EvalResult::Bool(holds)) => Ok(holds),
            Ok(other) => Err(words::no_answer(&other)),
            Err(error) => Err(words::failed(&error, &self.source)),
        }
    }
}

impl Condition for Compiled {
    fn holds(&self, facts: &Facts<'_>) -> Result<bool, Unmet> {
        with_sure_stack(self.sure, || self.evaluate(facts))
    }

    fn source(&self) -> &str {
        &self.source
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        with_sure_stack(self.sure, || drop(self.expression.take()));
    }
}

/// The text stands for the tree, which is as deep as the caps allow.
impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source).finish()
    }
}

/// The entity that stands for the one asked about. No condition can name it, so one name serves for all.
fn uid(kind: &str) -> Result<EntityUid, BadCondition> {
    let kind =
        kind.parse::<EntityTypeName>().map_err(|error| BadCondition::new(error.to_string(), None, None))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new("asked")))
}
