//! Requests for mutual legal assistance: who takes which step.

use crate::custody::apply::Step;
use crate::custody::state::{Holdings, RequestState, Standing};
use crate::custody::violation::RuleViolation;
use crate::id::SubjectId;
use crate::record::Link;
use crate::record::body::{Body, RequestStep};

/// What becomes of the request of `link`.
pub(super) fn next_request<H: Holdings>(
    step: &mut Step<'_, H>,
    link: &Link,
    before: Option<&Standing>,
) -> Result<Standing, RuleViolation> {
    let missing = || RuleViolation::NoSuchSubject { subject: link.subject.clone() };
    let (Body::Request(body), SubjectId::Custodian(signer)) =
        (&step.record.payload().body, &step.record.payload().signers[0].id)
    else {
        return Err(missing());
    };
    let before = match (before, body.to) {
        (None, Some(to)) => {
            step.expect(&SubjectId::Agency(to))?;
            let from = step.agency_of(*signer)?.ok_or_else(missing)?;
            return Ok(Standing::Request(RequestState { from, to, step: body.step }));
        }
        (Some(Standing::Request(before)), _) => before,
        _ => return Err(missing()),
    };
    let agency = if body.step.is_of_requesting() { before.from } else { before.to };
    step.check_of_agency(*signer, agency)?;
    // Steps may be left out, since states differ in what they ask for, and executing takes several.
    let is_again = before.step == RequestStep::Executing && body.step == RequestStep::Executing;
    if before.step.is_end() || !(is_again || body.step > before.step) {
        let (before, step) = (before.step, body.step);
        return Err(RuleViolation::RequestStep { request: link.subject.clone(), before, step });
    }
    Ok(Standing::Request(RequestState { step: body.step, ..*before }))
}
