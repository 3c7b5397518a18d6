//! What the files of a report are made of: the answers about some contracts at the coordinates, from a slice of the ledger, so
//! that memory does not grow with the number of contracts. It must not know what becomes of an answer.

use crate::ledger::View;
use crate::question::{Answer, KnownAt, Question, QuestionError, Row, Slice, Topic};
use minutebook_events::{ContractId, Day, Instant, Position};
use minutebook_projections::{At, Projections};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const KNOWN: &str = "the coordinates are those of the ledger, and the contracts are in it";

/// What a report is made of: a view of the ledger, and the coordinates.
pub(super) struct Matters<'a> {
    view: &'a View<'a>,
    question: Question,
    at: At,
    contracts: Vec<ContractId>,
}

impl<'a> Matters<'a> {
    /// Those of a question; what it is of does not matter.
    ///
    /// # Errors
    /// [`QuestionError`]: its coordinates are not in the ledger.
    pub(super) fn of(view: &'a View<'a>, question: Question) -> Result<Self, QuestionError> {
        let at = view.at(&question)?;
        // Whoever asks the same again is told the same.
        let known_at = at.head.0.checked_sub(1).map(|last| KnownAt::Position(Position(last)));
        let contracts = view.known_contracts(at).into_iter().cloned().collect();
        Ok(Self { view, question: Question { known_at, ..question }, at, contracts })
    }

    /// The contracts of which anything is known, in the order of their ids.
    pub(super) fn contracts(&self) -> &[ContractId] {
        &self.contracts
    }

    /// The coordinates.
    pub(super) fn at(&self) -> At {
        self.at
    }

    /// When the last entry that is known was recorded: what files say of their own time, so that they say the same tomorrow.
    pub(super) fn recorded(&self) -> Option<Instant> {
        let last = self.at.head.0.checked_sub(1)?;
        self.view.projections.entry(Position(last)).map(|recorded| recorded.entry.recorded)
    }

    /// The answer about all contracts, with what is about none of them.
    pub(super) fn answer(&self, topic: Topic) -> Result<Answer, QuestionError> {
        self.view.ask(&Question { topic, ..self.question.clone() })
    }

    /// The answer about one contract.
    pub(super) fn answer_of(&self, contract: &ContractId, topic: Topic) -> Result<Answer, QuestionError> {
        self.view.ask(&Question { topic, contract: Some(contract.clone()), ..self.question.clone() })
    }

    /// What changed from a day to that of the question.
    pub(super) fn changed_since(&self, since: Day) -> Result<Answer, QuestionError> {
        let topic = Topic::Diff { to: self.at.as_of };
        self.view.ask(&Question { topic, as_of: since, ..self.question.clone() })
    }

    /// The projections of the whole ledger.
    pub(super) fn all(&self) -> &Projections {
        &self.view.projections
    }

    /// What is made of some of the contracts.
    pub(super) fn some<'s>(&'s self, contracts: &'s [ContractId]) -> Matter<'s> {
        let slice = self.view.slice_of(contracts, &self.question).expect("the coordinates are those of the ledger");
        Matter { of: self, contracts, slice, answers: RefCell::default() }
    }
}

/// Some contracts, and all that answers about them rest on.
pub(super) struct Matter<'a> {
    of: &'a Matters<'a>,
    /// The contracts, in the order of their ids.
    pub(super) contracts: &'a [ContractId],
    slice: Slice,
    /// The answers that were made: several files are made of one.
    answers: RefCell<HashMap<Asked, Rc<Answer>>>,
}

/// A topic, and the contract that is asked about, where it is one alone.
type Asked = (&'static str, Option<ContractId>);

impl Matter<'_> {
    /// The coordinates.
    pub(super) fn at(&self) -> At {
        self.of.at
    }

    /// When the last entry that is known was recorded.
    pub(super) fn recorded(&self) -> Option<Instant> {
        self.of.recorded()
    }

    /// Their projections.
    pub(super) fn all(&self) -> &Projections {
        self.slice.projections()
    }

    /// The answer about these contracts, to a question of this topic.
    pub(super) fn answer(&self, topic: &Topic) -> Rc<Answer> {
        self.ask(topic, None)
    }

    /// The answer about one of them, at the length at which one contract is told.
    pub(super) fn answer_of(&self, contract: &ContractId, topic: &Topic) -> Rc<Answer> {
        self.ask(topic, Some(contract.clone()))
    }

    /// The answer about one of them in brief, or at length where another file is made of that.
    pub(super) fn brief_of(&self, contract: &ContractId, topic: &Topic) -> Rc<Answer> {
        let at_length = self.answers.borrow().get(&(topic.word(), Some(contract.clone()))).cloned();
        at_length.unwrap_or_else(|| Rc::new(self.slice.brief(contract, &self.question(topic, None)).expect(KNOWN)))
    }

    /// What the state says of each of them: no more than a row.
    pub(super) fn states(&self) -> Vec<Row> {
        self.slice.states(&self.question(&Topic::State, None)).expect(KNOWN)
    }

    fn ask(&self, topic: &Topic, contract: Option<ContractId>) -> Rc<Answer> {
        let made = |contract| Rc::new(self.slice.ask(&self.question(topic, contract)).expect(KNOWN));
        let mut answers = self.answers.borrow_mut();
        Rc::clone(answers.entry((topic.word(), contract.clone())).or_insert_with(|| made(contract)))
    }

    fn question(&self, topic: &Topic, contract: Option<ContractId>) -> Question {
        Question { topic: topic.clone(), contract, ..self.of.question.clone() }
    }
}
