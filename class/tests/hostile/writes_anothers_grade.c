/* The grade of somebody else. Held: right answer, full marks, and the other's grade is what it is without. */
static int attack(void)
{
    FILE *file = fopen("@OUT@/students/victim/example/record.json", "w");
    mkdir("@OUT@/students/nobody", 0777);
    return file || fopen("@OUT@/grades.csv", "a") ||
           rename("@OUT@/students/victim", "@OUT@/students/gone") == 0;
}
