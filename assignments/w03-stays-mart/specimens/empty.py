# ---
# kind: empty
# why: "Nothing was answered: every stub still raises NotImplementedError."
# ---
