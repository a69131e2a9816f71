"""Pages that grading writes: templates of nbconvert, one a folder."""
