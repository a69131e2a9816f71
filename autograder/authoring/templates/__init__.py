"""What `ecole new module` writes: Jinja templates, filled from the syllabus."""
