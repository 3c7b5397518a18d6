//! Which names an event defines and which it uses, each with its field. It must not know which of them are known.

use super::known::Name;
use crate::event::{Clause, EventKind, Lines, ValueLine};
use crate::ids::{ContractId, Part, PartyId};
use crate::prelude::*;

/// What the event names for the first time, and in which field.
pub fn definition(kind: &EventKind) -> Option<(&'static str, Name)> {
    match kind {
        EventKind::ContractDefined { contract, .. } => Some(("contract", Name::Contract(contract.clone()))),
        EventKind::LotDefined { contract, lot, .. } => Some(("lot", Name::Lot(contract.clone(), lot.clone()))),
        EventKind::ServiceAdded { contract, service, .. } => {
            Some(("service", Name::Service(contract.clone(), service.clone())))
        }
        EventKind::PartyDefined { party, .. } => Some(("party", Name::Party(party.clone()))),
        EventKind::OfficeDefined { office, .. } => Some(("office", Name::Office(office.clone()))),
        EventKind::ContentSealed { contract, content, .. } => {
            Some(("content", Name::Content(contract.clone(), content.clone())))
        }
        _ => None,
    }
}

/// Every name that the event uses and does not define, with its field.
pub fn references(kind: &EventKind) -> Vec<(String, Name)> {
    let mut names = Names(vec![]);
    if let Some(contract) = own_contract(kind) {
        names.contract("contract", contract);
        if let Some(field) = part_field(kind) {
            names.part(field, contract, &kind.part());
        }
    }
    names.of_contracts(kind);
    names.of_parties(kind);
    names.0
}

fn own_contract(kind: &EventKind) -> Option<&ContractId> {
    match kind {
        EventKind::ContractDefined { .. }
        | EventKind::DelegationGranted { .. }
        | EventKind::AlternativeConsidered { .. } => None,
        _ => kind.contracts().next(),
    }
}

fn part_field(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::LotDefined { .. } | EventKind::ServiceAdded { .. } => None,
        EventKind::LotAssigned { .. } | EventKind::LotReleased { .. } => Some("lot"),
        EventKind::ServiceRemoved { .. } => Some("service"),
        EventKind::ValueSet { .. } | EventKind::ValueChanged { .. } => Some("line.part"),
        _ => Some("part"),
    }
}

struct Names(Vec<(String, Name)>);

impl Names {
    fn add(&mut self, field: impl Into<String>, name: Name) {
        self.0.push((field.into(), name));
    }

    fn contract(&mut self, field: impl Into<String>, contract: &ContractId) {
        self.add(field, Name::Contract(contract.clone()));
    }

    fn contracts(&mut self, field: &str, contracts: &[ContractId]) {
        contracts.iter().enumerate().for_each(|(at, contract)| self.contract(format!("{field}.{at}"), contract));
    }

    fn part(&mut self, field: impl Into<String>, contract: &ContractId, part: &Part) {
        match part {
            Part::Whole => {}
            Part::Lot(lot) => self.add(field, Name::Lot(contract.clone(), lot.clone())),
            Part::Service(service) => self.add(field, Name::Service(contract.clone(), service.clone())),
        }
    }

    fn party(&mut self, field: impl Into<String>, party: Option<&PartyId>) {
        if let Some(party) = party {
            self.add(field, Name::Party(party.clone()));
        }
    }

    fn of_contracts(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Succeeded { by, .. } => self.contract("by", by),
            EventKind::ServiceAdded { contract, lots, .. } => {
                for (at, lot) in lots.iter().enumerate() {
                    self.part(format!("lots.{at}"), contract, &Part::Lot(lot.clone()));
                }
            }
            EventKind::ValueSet { with, .. } => self.contracts("with", with),
            EventKind::TotalStated { readings, .. } => {
                for (reading, lines) in readings.iter().enumerate() {
                    for (at, lines) in lines.parts.iter().enumerate() {
                        self.lines(&format!("readings.{reading}.parts.{at}"), lines);
                    }
                }
            }
            EventKind::AlternativeConsidered { contracts, .. } => self.contracts("contracts", contracts),
            EventKind::DelegationGranted { contracts, to, .. } => {
                self.contracts("contracts", contracts);
                self.add("to", Name::Office(to.clone()));
            }
            EventKind::ContentPublished { contract, content, .. }
            | EventKind::ContentErased { contract, content, .. } => {
                self.add("content", Name::Content(contract.clone(), content.clone()));
            }
            _ => {}
        }
    }

    fn of_parties(&mut self, kind: &EventKind) {
        match kind {
            EventKind::LotAssigned { party, .. } => self.party("party", party.known()),
            EventKind::LotReleased { party, .. }
            | EventKind::AliasStated { party, .. }
            | EventKind::PartnerLeft { party, .. } => self.party("party", Some(party)),
            EventKind::ServiceAdded { party, .. } | EventKind::ServiceRemoved { party, .. } => {
                self.party("party", party.as_ref());
            }
            EventKind::ValueSet { line, .. } | EventKind::ValueChanged { line, .. } => self.line(line),
            EventKind::FundingSet { funders, .. } => {
                for (at, funder) in funders.iter().enumerate() {
                    self.party(format!("funders.{at}.party"), Some(&funder.party));
                }
            }
            EventKind::PartyDefined { arm_of, .. } => self.party("arm_of", arm_of.as_ref()),
            EventKind::OfficeDefined { body, .. } => self.party("body", Some(body)),
            EventKind::PartnerJoined { party, under, .. } => {
                self.party("party", Some(party));
                self.party("under", under.as_ref());
            }
            EventKind::ClauseSet { clause: Clause::UpliftFloor { funder, .. }, .. } => {
                self.party("clause.uplift-floor.funder", funder.as_ref());
            }
            _ => {}
        }
    }

    fn line(&mut self, line: &ValueLine) {
        self.party("line.party", line.party.as_ref());
        self.party("line.funder", line.funder.as_ref());
    }

    fn lines(&mut self, field: &str, lines: &Lines) {
        self.contract(format!("{field}.contract"), &lines.contract);
        for (at, part) in lines.parts.iter().enumerate() {
            self.part(format!("{field}.parts.{at}"), &lines.contract, part);
        }
        for (word, parties) in [("parties", &lines.parties), ("funders", &lines.funders)] {
            for (at, party) in parties.iter().enumerate() {
                self.party(format!("{field}.{word}.{at}"), Some(party));
            }
        }
    }
}
