"""The site: the course as pages in both languages, built without network.

outline     the pages of the course, from the syllabus
notebooks   lessons executed, assignments released, both made fit for a page
documents   Markdown of the repository in one language, its links led to pages
cards       the data cards
sources     what Sphinx reads for one language, written from all of the above
rendering   the run of Sphinx, and its settings
extension   what Sphinx lacks: MathML, a search without accents, folds in the page's language
build       the whole
"""

from autograder.site.build import Site, build_site

__all__ = ["Site", "build_site"]
