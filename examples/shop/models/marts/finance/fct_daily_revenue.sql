select
    ordered_on,
    count(*) as orders,
    sum(amount_eur) as gross_eur,
    sum(refunded_eur) as refunded_eur,
    sum(amount_eur - refunded_eur) as net_eur
from {{ ref('fct_orders') }}
where status != 'cancelled'
group by ordered_on
