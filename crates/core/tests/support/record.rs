//! What the generator writes, as a macro for the records of tests.

/// What the generator writes, for a struct whose members are named as on the wire.
macro_rules! record {
    ($name:ident { $($member:ident),+ } required $required:expr) => {
        impl yunkit_core::record::Record for $name {
            fn shape(&self) -> &'static yunkit_core::record::Shape {
                static SHAPE: yunkit_core::record::Shape =
                    yunkit_core::record::Shape::model(stringify!($name), &[$(stringify!($member)),+], $required);
                &SHAPE
            }
            fn slot(&mut self, index: usize) -> &mut dyn yunkit_core::record::Value {
                let slots: Vec<&mut dyn yunkit_core::record::Value> = vec![$(&mut self.$member),+];
                slots.into_iter().nth(index).expect("index within the shape")
            }
            fn peek(&self, index: usize) -> &dyn yunkit_core::record::Value {
                let peeks: Vec<&dyn yunkit_core::record::Value> = vec![$(&self.$member),+];
                peeks[index]
            }
        }
    };
}
