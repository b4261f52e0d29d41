"""Which identifiers stand in the leaves of a flow, who put them there, and to whom they went."""
