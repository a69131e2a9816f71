# ---
# kind: wrong
# why: "Gives the mean, which one long delay carries away."
# marks: {test_turnaround_by_clinic: 2}
# ---

# %% turnaround_by_clinic
def turnaround_by_clinic(clean, set_aside):
    """Return clinic_name, n_kept, median_minutes and n_set_aside, one row per clinic."""
    kept = clean.groupby("clinic_name")["turnaround_minutes"]
    excluded = set_aside["clinic_name"].str.strip().value_counts()
    table = pd.DataFrame(
        {"n_kept": kept.size(), "median_minutes": kept.mean(), "n_set_aside": excluded}
    )
    table[["n_kept", "n_set_aside"]] = table[["n_kept", "n_set_aside"]].fillna(0).astype(int)
    return table.rename_axis("clinic_name").reset_index()
