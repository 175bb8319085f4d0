"""How many agents, trunks, ports and bytes: by formula (Erlang) and by simulation of the floor."""
