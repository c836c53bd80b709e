use super::*;

#[test]
fn shipped_rules_compile() {
    let catalogue = Catalogue::load(None).unwrap();
    assert!(catalogue.rules().len() > 30);
}
