//! The generator, from texts to texts.

use yunkit_codegen::{
    Output, Overlay, Problem, Source, Style, bundle, emit, is_documented, lint, lower, reference,
};

/// Everything that is made of facts and an overlay, or the first mistake in them.
///
/// # Errors
///
/// That mistake.
pub fn generated(facts: &Source, overlay: &Overlay) -> Result<Vec<Output>, Problem> {
    let api = lower(facts, overlay)?;
    let document = bundle(facts, overlay, &api)?.to_string();
    let operations = api.modules.iter().flat_map(|module| &module.operations);
    let documented = operations.filter(|operation| is_documented(operation)).count();
    let complaints = format!("{documented} documented\n{}", lint(&api, overlay).join("\n"));
    let mut outputs = emit(&api, Style::Records);
    outputs.extend(emit(&api, Style::Derives));
    for (path, text) in [("bundle.json", document), ("operations.md", reference(&api)), ("lint", complaints)] {
        outputs.push(Output { path: path.to_owned(), text });
    }
    Ok(outputs)
}
