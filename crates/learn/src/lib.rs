//! What separates abuse from honesty? Matrix, time split, training, calibration, evaluation, model file, model card.
