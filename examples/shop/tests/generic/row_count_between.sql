{% test row_count_between(model, min_rows, max_rows) %}

select count(*) as row_count
from {{ model }}
having count(*) not between {{ min_rows }} and {{ max_rows }}

{% endtest %}
