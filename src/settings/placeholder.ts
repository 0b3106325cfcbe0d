/** What `init` writes for production's target where no name tells it. Whoever runs with it is told to choose. */
export const TARGET_PLACEHOLDER = "CHOOSE_PRODUCTION_TARGET";
