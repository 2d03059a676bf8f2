"""How the planning page looks at a patient: turned slices, slabs, layouts, standard views, curved slices."""
