//! Do the catalogue, the policies and the reason codes that come with Ringfence fit each other?

use ringfence_decide::{DEFAULT_POLICY, Policy, RULES_ONLY_POLICY, reasons};
use ringfence_engine::Decider;
use ringfence_features::{Catalogue, Plan};

#[test]
fn both_policies_fit_the_built_in_catalogue() {
    let schema = Plan::builtin().schema;
    for text in [DEFAULT_POLICY, RULES_ONLY_POLICY] {
        let policy = Policy::parse(text).unwrap_or_else(|e| panic!("{e}"));
        Decider::new(&schema, None, &policy).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn every_feature_is_explained_under_a_known_reason_code() {
    let known: Vec<&str> = reasons::all().iter().map(|r| r.code.as_ref()).collect();
    Catalogue::builtin().check_reasons(&known).unwrap_or_else(|e| panic!("{e}"));
}
