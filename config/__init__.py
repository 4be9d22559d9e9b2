"""The ground: turns settings into the outside world; knows no person, client, paper or entry."""
